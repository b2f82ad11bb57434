use std::io::Cursor;

use super::*;

fn read(source: Source, content: impl Into<Vec<u8>>) -> (Vec<Found>, Option<String>) {
    let input: Input = Box::new(Cursor::new(content.into()));
    let mut comments: Box<dyn Comments> = match source {
        Source::Wordpress => Box::new(wordpress::Reader::new(input)),
        Source::Disqus => Box::new(disqus::Reader::new(input)),
        Source::Remark42 => Box::new(remark42::Reader::new(input)),
        Source::Csv => match table::Reader::new(input) {
            Ok(reader) => Box::new(reader),
            Err(error) => return (Vec::new(), Some(error.to_string())),
        },
        Source::Jsonl | Source::Isso => Box::new(lines::Reader::new(input)),
    };
    let mut found = Vec::new();
    loop {
        match comments.next() {
            Ok(Some(comment)) => found.push(comment),
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error.to_string())),
        }
    }
}

const WXR: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>
<title>Site</title><link>https://site.example</link>
<item><title>A post &amp; more</title><link>https://site.example/a</link>
<wp:comment><wp:comment_id>7</wp:comment_id><wp:comment_author><![CDATA[Ann]]></wp:comment_author>
<wp:comment_author_email>ann@example.org</wp:comment_author_email><wp:comment_author_url/>
<wp:comment_author_IP>203.0.113.9</wp:comment_author_IP><wp:comment_date>2015-02-03 05:05:06</wp:comment_date>
<wp:comment_date_gmt>2015-02-03 04:05:06</wp:comment_date_gmt>
<wp:comment_content><![CDATA[Nice <b>one</b>]]> &#8212; &lt;3 &nbsp;</wp:comment_content>
<wp:comment_approved>1</wp:comment_approved><wp:comment_type>comment</wp:comment_type><wp:comment_parent>0</wp:comment_parent>
<wp:commentmeta><wp:meta_key>x</wp:meta_key><wp:meta_value><![CDATA[<wp:comment_id>99</wp:comment_id>]]></wp:meta_value></wp:commentmeta>
</wp:comment>
<wp:comment><wp:comment_id>8</wp:comment_id><wp:comment_author>Loans</wp:comment_author><wp:comment_date_gmt>0000-00-00 00:00:00</wp:comment_date_gmt>
<wp:comment_date>2015-02-04 00:00:00</wp:comment_date><wp:comment_content>Buy</wp:comment_content><wp:comment_approved>spam</wp:comment_approved>
<wp:comment_type></wp:comment_type><wp:comment_parent>7</wp:comment_parent></wp:comment>
<wp:comment><wp:comment_id>9</wp:comment_id><wp:comment_content>Order shipped</wp:comment_content><wp:comment_type>order_note</wp:comment_type></wp:comment>
</item></channel></rss>"#;

#[test]
fn wordpress_tells_page_status_time_and_parent() {
    let (found, error) = read(Source::Wordpress, WXR);
    assert_eq!(error, None);
    assert_eq!(found.len(), 2, "{found:#?}");
    let (ann, loans) = (&found[0], &found[1]);
    assert_eq!(ann.submission.text, "Nice <b>one</b> — <3 &nbsp;");
    assert_eq!(ann.submission.page.as_deref(), Some("https://site.example/a"));
    assert_eq!(ann.submission.page_title.as_deref(), Some("A post & more"));
    assert_eq!(ann.submission.external_id.as_deref(), Some("wp-7"));
    assert_eq!((ann.standing, ann.created_at.to_string().as_str()), (Standing::Published, "2015-02-03T04:05:06Z"));
    assert_eq!((loans.standing, loans.parent.as_deref()), (Standing::Spam, Some("wp-7")));
    assert_eq!(loans.created_at.to_string(), "2015-02-04T00:00:00Z");
}

#[test]
fn a_file_that_was_cut_off_says_where_and_what_came_before_stays() {
    let cut = &WXR[..WXR.find("<wp:comment_approved>spam").expect("it is there")];
    let (found, error) = read(Source::Wordpress, cut);
    assert_eq!(found.len(), 1);
    let error = error.expect("an error");
    assert!(error.starts_with("at byte ") && error.contains("cut off"), "{error}");
}

#[test]
fn hostile_and_wrongly_encoded_files_are_refused_with_their_place() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss>&b;</rss>"#;
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss></rss>".to_vec();
    let bytes = [b"<rss><channel><item><title>caf\xe9</title></item></channel></rss>".to_vec()].concat();
    let deep = format!("<rss>{}", "<a>".repeat(100));
    let endless = [b"<rss><channel><title>".to_vec(), vec![b'x'; 9 << 20]].concat();
    let other = b"<html><body>404</body></html>".to_vec();
    let cases: [(Vec<u8>, &str); 7] = [
        (bomb.into(), "defines entities"),
        (latin, "iconv"),
        (bytes, "not UTF-8"),
        (deep.into(), "nested deeper"),
        (endless, "longer than"),
        (other, "no export of WordPress"),
        (Vec::new(), "no XML"),
    ];
    for (content, expected) in cases {
        let (found, error) = read(Source::Wordpress, content);
        let error = error.expect("an error");
        assert!(found.is_empty() && error.starts_with("at byte ") && error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn disqus_posts_find_their_pages() {
    let export = r#"<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<thread dsq:id="1"><id/><link>https://site.example/a</link><title>A</title><author><name>Editor</name></author></thread>
<post dsq:id="11"><id>x</id><message><![CDATA[<p>Hello</p>]]></message><createdAt>2011-02-03T04:05:06Z</createdAt>
<isDeleted>false</isDeleted><isSpam>false</isSpam><author><name>Ann</name><email>ann@example.org</email></author><thread dsq:id="1"/></post>
<post dsq:id="12"><message>Buy</message><createdAt>2011-02-03T04:05:07Z</createdAt><isDeleted>true</isDeleted><isSpam>true</isSpam>
<author><name>Loans</name></author><thread dsq:id="1"/><parent dsq:id="11"/></post></disqus>"#;
    let (found, error) = read(Source::Disqus, export);
    assert_eq!((found.len(), error), (2, None));
    assert_eq!(found[0].submission.page.as_deref(), Some("https://site.example/a"));
    assert_eq!(found[0].submission.name.as_deref(), Some("Ann"));
    assert_eq!((found[1].standing, found[1].parent.as_deref()), (Standing::Spam, Some("disqus-11")));
}

#[test]
fn remark42_lines_follow_a_line_about_the_backup() {
    let backup = concat!(
        r#"{"version":1,"users":[],"posts":[]}"#,
        "\n",
        r#"{"id":"a","pid":"","text":"<p>Hi</p>","orig":"Hi","user":{"name":"Ann"},"locator":{"site":"s","url":"https://site.example/a"},"time":"2020-01-02T03:04:05Z"}"#,
        "\n",
        r#"{"id":"b","pid":"a","text":"gone","user":{"name":"Bo"},"locator":{"url":"https://site.example/a"},"time":"2020-01-02T03:04:06Z","delete":true}"#,
        "\n",
        r#"{"id":"c""#,
    );
    let (found, error) = read(Source::Remark42, backup);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].submission.text, "Hi");
    assert_eq!((found[1].standing, found[1].parent.as_deref()), (Standing::Removed, Some("remark42-a")));
    assert!(error.is_some_and(|error| error.starts_with("at line 4")));
}

#[test]
fn tables_and_lines_name_their_columns_as_others_do() {
    let table = "ID,Author,Content,Status,Date\n1,Ann,\"Hello,\nyou\",approved,2020-01-02 03:04:05\n2,Loans,Buy,spam,2020-01-03 03:04:05\n3,X,Y,zzz,\n";
    let (found, error) = read(Source::Csv, table);
    assert_eq!(found.len(), 2, "{error:?}");
    assert_eq!((found[0].submission.text.as_str(), found[0].standing), ("Hello,\nyou", Standing::Published));
    assert_eq!(found[1].standing, Standing::Spam);
    let error = error.expect("an error");
    assert!(error.starts_with("at line 5") && error.contains("zzz"), "{error}");

    let lines = "\u{feff}{\"text\": \"Hello\", \"label_spam\": 0}\n\n{\"body\": \"Buy\", \"spam\": true, \"created\": 1577934245}\n{\"x\": 1}\n";
    let (found, error) = read(Source::Jsonl, lines);
    assert_eq!(found.iter().map(|f| f.standing).collect::<Vec<_>>(), [Standing::Published, Standing::Spam]);
    assert_eq!(found[1].created_at.to_string(), "2020-01-02T03:04:05Z");
    assert!(error.is_some_and(|error| error.starts_with("at line 4")));
    let (again, _) = read(Source::Jsonl, lines);
    assert_eq!(
        again[0].submission.external_id, found[0].submission.external_id,
        "what has no name gets the same one again"
    );
}
