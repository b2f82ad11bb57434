use std::path::Path;

use super::*;

fn from_text(text: &str) -> Result<Loaded, Mistakes> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("moderato.toml");
    std::fs::write(&path, text).expect("written");
    load(Some(&path), std::iter::empty(), &[])
}

fn mistakes(text: &str) -> Vec<(usize, String, String)> {
    let Mistakes(found) = from_text(text).expect_err("must be refused");
    let line = |source| match source {
        Source::File { line, .. } => line,
        _ => 0,
    };
    found.into_iter().map(|m| (line(m.source), m.key, m.detail)).collect()
}

#[test]
fn every_default_is_accepted_by_its_own_setting() {
    let mut config = Config::default();
    for setting in SETTINGS {
        assert_eq!((setting.set)(&mut config, setting.default), Ok(()), "{}", setting.key);
    }
}

#[test]
fn the_default_limits_are_those_of_the_limits() {
    assert_eq!(Config::default().limits, LimitsConfig::default());
}

#[test]
fn all_mistakes_are_named_at_once_with_line_and_key() {
    let found = mistakes(
        "listen = \"nowhere\"\nlimit.site = \"60/min\"\n\n[limits]\nsite = 60\nadress = \"off\"\n[http]\nmax_body = 1\n",
    );
    let places: Vec<(usize, &str)> = found.iter().map(|(line, key, _)| (*line, key.as_str())).collect();
    assert_eq!(
        places,
        [(2, "limit.site"), (5, "limits.site"), (6, "limits.adress"), (1, "listen"), (8, "http.max_body")]
    );
    assert!(found[0].2.contains("did you mean limits.site?"), "{}", found[0].2);
    assert!(found[1].2.contains("a text in quotes"), "{}", found[1].2);
}

#[test]
fn broken_toml_is_named_with_its_line() {
    let found = mistakes("listen = \"127.0.0.1:1\"\nlog = [[\n");
    assert_eq!(found[0].0, 2, "{found:?}");
}

#[test]
fn a_named_file_that_is_missing_is_a_mistake() {
    assert!(load(Some(Path::new("/nonexistent/moderato.toml")), std::iter::empty(), &[]).is_err());
}

#[test]
fn command_line_beats_environment_beats_file_beats_default() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("c.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\ndata_dir = \"a\"\nmodels = \"m\"\n").expect("written");
    let environment =
        [("MODERATO_LISTEN", "127.0.0.1:2"), ("MODERATO_DATA_DIR", "b"), ("HOME", "x"), ("MODERATO_CONFIG", "y")];
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let loaded = load(Some(&path), environment, &[("listen", "127.0.0.1:3".to_owned())]).expect("valid");
    assert_eq!(loaded.config.listen.port(), 3);
    assert_eq!(loaded.config.data_dir, Path::new("b"));
    assert_eq!(loaded.config.models.as_deref(), Some(Path::new("m")));
    assert_eq!(loaded.config.http.max_connections, 1024);
    let source = |key| loaded.explained.iter().find(|e| e.key == key).map(|e| e.source.to_string());
    assert_eq!(source("listen").as_deref(), Some("command line"));
    assert_eq!(source("data_dir").as_deref(), Some("environment MODERATO_DATA_DIR"));
    assert_eq!(source("http.max_body").as_deref(), Some("default"));
}

#[test]
fn an_unknown_variable_of_ours_is_refused_with_a_suggestion() {
    let environment = [("MODERATO_LISTN".to_owned(), "x".to_owned())].into_iter();
    let Mistakes(found) = load(None, environment, &[]).expect_err("must be refused");
    assert!(found[0].detail.contains("MODERATO_LISTEN"), "{}", found[0]);
}

#[test]
fn a_secret_comes_from_a_file_and_is_not_shown() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("url");
    std::fs::write(&path, "postgres://moderato:canary@db.example/moderato\n").expect("written");
    let file = ("MODERATO_DATABASE_URL_FILE".to_owned(), path.to_string_lossy().into_owned());
    let loaded = load(None, [file.clone()].into_iter(), &[]).expect("valid");
    assert_eq!(loaded.config.database_url.as_deref(), Some("postgres://moderato:canary@db.example/moderato"));
    let explained = loaded.explained.iter().find(|e| e.key == "database_url").expect("a setting");
    assert_eq!(explained.value, "postgres://moderato:***@db.example/moderato");
    assert!(explained.source.to_string().contains("MODERATO_DATABASE_URL_FILE"), "{}", explained.source);

    let both = [file, ("MODERATO_DATABASE_URL".to_owned(), "sqlite:x".to_owned())];
    let Mistakes(found) = load(None, both.into_iter(), &[]).expect_err("one of the two is wanted");
    assert!(found[0].detail.contains("MODERATO_DATABASE_URL is set, too"), "{}", found[0]);
    let missing = ("MODERATO_DATABASE_URL_FILE".to_owned(), "/nonexistent".to_owned());
    assert!(load(None, [missing].into_iter(), &[]).is_err());
}

#[test]
fn the_example_file_is_up_to_date_and_says_the_defaults() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml"));
    assert_eq!(committed.expect("config.example.toml"), example(), "run `moderato config example`");
    let uncommented: String = example()
        .lines()
        .map(|l| l.strip_prefix("# ").filter(|l| l.contains(" = ")).unwrap_or(l))
        .fold(String::new(), |text, line| text + line + "\n");
    let loaded = from_text(&uncommented.replace("# Settings", "#")).expect("the example is valid");
    assert_eq!(format!("{:?}", loaded.config), format!("{:?}", Config::default()));
}
