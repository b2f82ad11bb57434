//! A site's history from another system, and the report about it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use crate::harness::Service;

const COMMENTS: usize = 400;

/// An export of WordPress with every fourth comment spam; cut off after `bytes`.
fn export(path: &Path, bytes: Option<usize>) {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss xmlns:wp=\"x\"><channel><item><title>A</title><link>https://site.example/a</link>",
    );
    let subjects = ["bridge", "market", "council", "river", "school", "library", "harbour"];
    for i in 0..COMMENTS {
        let subject = subjects[i % subjects.len()];
        let (text, status) = match i % 4 {
            0 => (
                format!(
                    "Cheap loans number {i}!!! Apply now https://loans{i}.example/apply?id={i} [url=https://loans{i}.example]loans[/url]"
                ),
                "spam",
            ),
            _ => (
                format!("I walked past the {subject} on day {i}, and it looked better than it did before the repair."),
                "1",
            ),
        };
        let (day, hour) = (1 + i / 24 % 28, i % 24);
        let _ = write!(
            xml,
            "<wp:comment><wp:comment_id>{id}</wp:comment_id><wp:comment_author>Author {i}</wp:comment_author>\
             <wp:comment_date_gmt>2019-{month:02}-{day:02} {hour:02}:00:00</wp:comment_date_gmt>\
             <wp:comment_content><![CDATA[{text}]]></wp:comment_content><wp:comment_approved>{status}</wp:comment_approved>\
             <wp:comment_parent>{parent}</wp:comment_parent></wp:comment>",
            id = i + 1,
            month = 1 + i / 672,
            parent = if i % 4 == 3 { i } else { 0 },
        );
    }
    xml.push_str("</item></channel></rss>");
    xml.truncate(bytes.unwrap_or(xml.len()));
    std::fs::write(path, xml).expect("written");
}

#[tokio::test]
async fn an_import_goes_on_where_it_broke_off_and_reports_on_the_history() {
    let service = Service::start().await.all_powerful();
    let file = service.data.path().join("export.xml");
    let report = service.data.path().join("report.html");
    let import = |more: &[&str]| {
        let mut args = vec!["import", "wordpress", file.to_str().expect("UTF-8"), "--site", "default"];
        args.extend(more);
        service.output(&args)
    };
    export(&file, Some(60_000));
    let broken = import(&[]);
    let said = String::from_utf8_lossy(&broken.stderr).into_owned();
    assert!(!broken.status.success() && said.contains("at byte") && said.contains("run it again"), "{said}");
    let first: usize = said.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    assert!(first > 50 && first < COMMENTS, "{said}");

    export(&file, None);
    let whole = import(&["--report", report.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&whole.stderr).into_owned();
    assert!(whole.status.success(), "{said}");
    assert!(said.contains(&format!("imported {} comments", COMMENTS - first)), "{said}");
    assert!(said.contains(&format!("{first} were there already")), "{said}");
    let told = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert!(told.contains("own history") && told.contains("would have caught"), "{told}");
    let page = std::fs::read_to_string(&report).expect("the report");
    assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("src="), "{page}");

    let again = import(&[]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("imported 0 comments, 0 with a label"));
    let listed = service.get("/v1/comments?limit=1&status=approved").await.body;
    let newest = &listed["items"][0];
    assert_eq!(
        (&newest["external_id"], &newest["created_at"]),
        (&json!("wp-400"), &json!("2019-01-17T15:00:00.000000Z"))
    );
    let parent = newest["parent_id"].as_str().expect("a parent");
    assert_eq!(service.get(&format!("/v1/comments/{parent}")).await.body["external_id"], "wp-399");
}

#[tokio::test]
async fn thousands_of_comments_of_one_moment_are_all_kept() {
    let service = Service::start().await;
    let file = service.data.path().join("comments.csv");
    let mut table = String::from("id,created_at,status,text\n");
    for n in 0..4_000 {
        let _ = writeln!(table, "{n},2019-05-04T00:00:00Z,approved,\"Comment {n} of that day.\"");
    }
    std::fs::write(&file, table).expect("written");
    let import = || {
        let output = service.output(&["import", "csv", file.to_str().expect("UTF-8"), "--site", "default"]);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = import();
    assert!(said.contains("imported 4000 comments, 4000 with a label; 0 were there already"), "{said}");
    let said = import();
    assert!(said.contains("imported 0 comments, 0 with a label; 4000 were there already"), "{said}");
}

/// Mebibytes of an export; `make torture` sets 1,024.
fn mebibytes() -> usize {
    std::env::var("MODERATO_TEST_IMPORT_MB").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

/// The most memory that a process had so far, in mebibytes; 0 when it has ended.
fn peak(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or_default() / 1024
}

#[tokio::test]
async fn a_large_export_is_read_as_a_stream() {
    // What an article says is passed over; with the pages of the database and the report's part of the history it comes to this.
    const MOST_MIB: usize = 320;
    let service = Service::start().await;
    let path = service.data.path().join("large.xml");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("created"));
    let article = "The bridge over the river is closed. ".repeat(1_770);
    let comments = mebibytes() * 16;
    write!(file, "<rss xmlns:wp=\"x\"><channel>").expect("written");
    for n in 0..comments {
        write!(
            file,
            "<item><title>A</title><link>https://site.example/{n}</link><content:encoded><![CDATA[{article}]]></content:encoded>\
             <wp:comment><wp:comment_id>{n}</wp:comment_id><wp:comment_date_gmt>2019-01-05 10:00:00</wp:comment_date_gmt>\
             <wp:comment_content>I walked past it on day {n}, and it was open.</wp:comment_content>\
             <wp:comment_approved>1</wp:comment_approved></wp:comment></item>"
        )
        .expect("written");
    }
    write!(file, "</channel></rss>").expect("written");
    drop(file);
    assert!(std::fs::metadata(&path).expect("there").len() >> 20 >= mebibytes() as u64);
    let mut command = service.command(&["import", "wordpress", path.to_str().expect("UTF-8"), "--site", "default"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut most = 0;
    while child.try_wait().expect("its own child").is_none() {
        most = most.max(peak(child.id()));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&format!("imported {comments} comments")), "{said}");
    assert!((1..MOST_MIB).contains(&most), "{most} MiB for a file of {} MiB", mebibytes());
}

#[tokio::test]
async fn isso_is_read_from_its_database() {
    let service = Service::start().await.all_powerful();
    let file = service.data.path().join("comments.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("a database");
    for sql in [
        "CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256))",
        "CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL, modified FLOAT,
            mode INTEGER, remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR, likes INTEGER, voters BLOB)",
        "INSERT INTO threads VALUES (1, '/a', 'A')",
        "INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author) VALUES
            (1, 1, NULL, 1500000000.25, 1, '203.0.113.0', 'Hello there', 'Ann'), (1, 2, 1, 1500000001.0, 2, '203.0.113.0', 'Me too', NULL),
            (1, 3, 1, 1500000002.0, 4, NULL, '', NULL)",
    ] {
        sqlx::query(sql).execute(&pool).await.expect("run");
    }
    pool.close().await;
    let output = service.output(&["import", "isso", file.to_str().expect("UTF-8"), "--site", "default"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("imported 2 comments, 1 with a label"), "{said}");
    let held = service.get("/v1/comments?status=held").await.body;
    assert_eq!(held["items"][0]["text"], "Me too");
    assert_eq!(held["items"][0]["page"], "/a");
}
