//! `instant-akismet` as a site uses it, against the service at SERVICE, with the key SHORT_KEY.

use std::env::var;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use instant_akismet::{AkismetClient, AkismetOptions, CheckResult, Comment};

const BLOG: &str = "https://blog.example/";
const SPAM: &str = "Get a l\u{43e}an in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999";
const HAM: &str = "The bridge has been closed since March, and nobody has told us when it will open again.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (host, key) = (var("SERVICE")?.replace("http://127.0.0.1", "localhost"), var("SHORT_KEY")?);
    let client = client(&host, &key)?;
    client.verify_key().await?;
    assert!(client_of_nobody(&host)?.verify_key().await.is_err(), "a wrong key is good");
    let spam = || comment(SPAM, "Best Loans").comment_author_url("https://easy-cash.example/loans");
    let ham = || comment(HAM, "Ann").comment_author_email("ann@example.org");
    assert!(matches!(client.check_comment(spam()).await?, CheckResult::Discard));
    assert!(matches!(client.check_comment(ham()).await?, CheckResult::Ham));
    client.submit_spam(ham()).await?;
    client.submit_ham(ham()).await?;
    println!("all is as it should be");
    Ok(())
}

fn comment<'a>(text: &'a str, name: &'a str) -> Comment<'a> {
    Comment::new(BLOG, "203.0.113.9").comment_content(text).comment_author(name)
}

fn client_of_nobody(host: &str) -> Result<AkismetClient, Box<dyn Error>> {
    client(host, "0123456789ab")
}

/// The crate puts the key before the host's name. Not every resolver knows that names below localhost are this machine.
fn client(host: &str, key: &str) -> Result<AkismetClient, Box<dyn Error>> {
    let port = host.rsplit(':').next().unwrap_or_default().parse()?;
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let http = reqwest::Client::builder()
        .no_proxy()
        .resolve(&format!("{key}.localhost"), here)
        .resolve("localhost", here)
        .build()?;
    let options = AkismetOptions { host: host.to_owned(), protocol: "http".to_owned(), ..AkismetOptions::default() };
    Ok(AkismetClient::new(BLOG.to_owned(), key.to_owned(), http, options))
}
