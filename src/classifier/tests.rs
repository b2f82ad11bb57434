//! The classifier as a whole, on small examples of our own.

use std::sync::atomic::AtomicU64;

use super::dice::Dice;
use super::features::FEATURE_VERSION;
use super::file::{FILE_NAME, ModelError, write_whole};
use super::obfuscation::Disguise;
use super::training::{self, Choices, Settings, TrainError, Trial};
use super::{HeadKind, Judgement, Model, SHOWN_TERMS};
use crate::comment::{Comment, Submission};
use crate::dataset::Row;
use crate::id::SiteId;

fn comment(text: &str) -> Comment {
    row(text, None, None).comment()
}

fn row(text: &str, spam: Option<bool>, toxic: Option<bool>) -> Row {
    Row { text: text.to_owned(), spam, toxic, source: "own".into(), ..Row::default() }
}

/// Sixty rows: adverts, insults, and what people say.
fn rows() -> Vec<Row> {
    let goods = ["watches", "handbags", "pills", "casino chips", "loans"];
    let topics = ["garden", "recipe", "bicycle", "library", "concert"];
    let mut rows = Vec::new();
    for (goods, topic) in goods.iter().zip(topics) {
        for n in 1..=4 {
            rows.push(row(
                &format!("Buy cheap {goods} at our discount shop, order {n} now http://{n}.example.net/{n}"),
                Some(true),
                None,
            ));
            rows.push(row(
                &format!("I read about the {topic} {n} times and still like what you wrote."),
                Some(false),
                Some(false),
            ));
            rows.push(row(
                &format!("You stupid idiot, nobody likes your {topic}, go away, number {n} of fools."),
                Some(false),
                Some(true),
            ));
        }
    }
    rows
}

fn trained(rows: &[Row], seed: u64) -> Result<Vec<u8>, TrainError> {
    let settings = HeadKind::ALL.map(|kind| Settings { folds: 2, passes: 3, ..Settings::of(kind) });
    let trained = training::train(rows, seed, &settings.map(Choices::none), &AtomicU64::new(0))?;
    Ok(trained.model.to_bytes("2026-01-02").expect("packs"))
}

fn model() -> Model {
    Model::from_bytes(&trained(&rows(), 1).expect("learns")).expect("loads")
}

fn spam(model: &Model, text: &str) -> f64 {
    model.judge(&comment(text)).spam.expect("a spam head").probability
}

fn toxic(model: &Model, text: &str) -> f64 {
    model.judge(&comment(text)).toxic.expect("a toxic head").probability
}

#[test]
fn sixty_rows_teach_both_heads() {
    let model = model();
    let advert = "Order cheap handbags now at the discount shop http://9.example.net/";
    let praise = "What you wrote about the garden is what I like to read.";
    let insult = "Go away, you idiot of all fools.";
    assert!(spam(&model, advert) > spam(&model, praise) + 0.3);
    assert!(spam(&model, advert) > spam(&model, insult) + 0.3);
    assert!(toxic(&model, insult) > toxic(&model, praise) + 0.2);
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let rows = rows();
    let bytes = trained(&rows, 7);
    assert_eq!(bytes, trained(&rows, 7));
    assert_ne!(bytes, trained(&rows, 8));
}

#[test]
fn training_tells_what_it_tried_and_keeps_the_best() {
    let choices = HeadKind::ALL.map(|kind| {
        let settings = Settings { folds: 2, ..Settings::of(kind) };
        Choices { settings, ..Choices::of(kind) }
    });
    let trained = training::train(&rows(), 1, &choices, &AtomicU64::new(0)).expect("learns");
    for (learned, choices) in trained.heads.into_iter().zip(choices) {
        let learned = learned.expect("both heads");
        let worth = |trial: &Trial| trial.roc_auc + trial.recall;
        let best = learned.trials.iter().map(worth).fold(f64::MIN, f64::max);
        let chosen = learned.trials.iter().find(|trial| trial.settings == learned.settings).expect("was tried");
        assert_eq!(worth(chosen), best);
        assert!(choices.rates.contains(&learned.settings.rates) && choices.passes.contains(&learned.settings.passes));
        let first = learned.trials.iter().filter(|trial| trial.settings.passes == *choices.passes.start());
        assert_eq!(first.count(), choices.rates.len(), "all are tried, and half of them go on");
    }
}

#[test]
fn what_cannot_be_learned_is_said_in_a_sentence() {
    let error = |rows: &[Row]| trained(rows, 1).expect_err("cannot be learned").to_string();
    assert_eq!(error(&[]), "there are no rows to learn from");
    assert_eq!(error(&[row("a", None, None)]), "no row has a label: `label_spam` or `label_toxic` must be 0 or 1");
    let ham = vec![row("hello there", Some(false), None); 30];
    assert_eq!(error(&ham), "all 30 rows labelled for spam are ham: both classes are needed");
    let mut few = ham;
    few.push(row("buy pills", Some(true), None));
    assert_eq!(error(&few), "only 1 rows are labelled spam for spam: at least 10 are needed");
}

#[test]
fn a_head_without_labels_is_left_out() {
    let rows: Vec<Row> = rows().into_iter().map(|row| Row { toxic: None, ..row }).collect();
    let model = Model::from_bytes(&trained(&rows, 1).expect("learns")).expect("loads");
    assert!(model.has(HeadKind::Spam) && !model.has(HeadKind::Toxic));
    let Judgement { spam, toxic, .. } = model.judge(&comment("hello"));
    assert!(spam.is_some() && toxic.is_none());
}

#[test]
fn contributions_add_up_to_the_log_odds() {
    let model = Model::embedded().expect("the built-in model loads");
    let submission = Submission {
        text:
            "Buy v1agra now! <a href=\"http://cheap-pills.example.net/buy?x=1\">pills</a> and Ｆｒｅｅ 日本語 😀 pills"
                .to_owned(),
        name: Some("cheap pills".to_owned()),
        email: Some("a1.b2.c3@mail.example".to_owned()),
        url: Some("http://pills.example.org/a/b.html".to_owned()),
        ..Submission::default()
    };
    let full = Comment::from_submission(SiteId(1), submission, jiff::Timestamp::UNIX_EPOCH);
    let judgement = model.judge(&full);
    for (kind, head) in HeadKind::ALL.into_iter().zip([judgement.spam, judgement.toxic]) {
        let head = head.expect("both heads");
        let all = model.contributions(kind, &full).expect("both heads");
        let sum: f64 = all.iter().map(|term| term.score).sum();
        assert!((sum - head.log_odds).abs() < 1e-9, "{sum} {}", head.log_odds);
        assert!(head.terms.len() <= SHOWN_TERMS);
        assert!(head.terms.iter().all(|term| all.contains(term)));
        assert!(head.terms.is_sorted_by(|a, b| a.score.abs() >= b.score.abs()));
    }
}

#[test]
fn terms_point_at_the_words_they_name() {
    let text = "pills pills, and nothing but pills";
    let all = model().contributions(HeadKind::Spam, &comment(text)).expect("a spam head");
    let pills = all.iter().find(|term| term.term == "pills").expect("a term for the word");
    let places: Vec<_> = pills.spans.iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
    assert_eq!(places, ["pills", "pills", "pills"]);
}

#[test]
fn subjects_of_advertising_are_pointed_at() {
    let text = "play at our casino and get payday loans today";
    let model = Model::embedded().expect("the built-in model loads");
    let all = model.contributions(HeadKind::Spam, &comment(text)).expect("a spam head");
    let subjects = all.iter().find(|term| term.term == "subjects of advertising: 2").expect("two subjects");
    let places: Vec<_> = subjects.spans.iter().map(|span| &text[span.start as usize..span.end as usize]).collect();
    assert!(places.contains(&"casino") && places.contains(&"payday loans"), "{places:?}");
}

#[test]
fn a_damaged_file_is_refused() {
    let bytes = trained(&rows(), 1).expect("learns");
    assert!(Model::from_bytes(&bytes).expect("whole").version.starts_with("2026-01-02-"));
    for len in (0..200).chain((200..bytes.len()).step_by(997)) {
        assert!(Model::from_bytes(&bytes[..len]).is_err(), "cut at {len}");
    }
    for at in (0..200).chain((200..bytes.len()).step_by(997)) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        assert!(Model::from_bytes(&flipped).is_err(), "flipped at {at}");
    }
    let mut other = bytes.clone();
    other[12] += 1;
    let error = Model::from_bytes(&other).expect_err("is refused");
    assert!(matches!(error, ModelError::Features { found } if found == FEATURE_VERSION + 1));
    assert!(error.to_string().contains(&format!("feature version {}", FEATURE_VERSION + 1)), "{error}");
    assert_eq!(
        Model::from_bytes(b"something else").expect_err("is refused").to_string(),
        "this is no model of Moderato"
    );
}

#[test]
fn a_model_is_written_whole_and_read_again() {
    let dir = tempfile::tempdir().expect("a directory");
    assert!(Model::load(dir.path()).expect_err("is missing").to_string().contains(FILE_NAME));
    let bytes = trained(&rows(), 1).expect("learns");
    write_whole(&dir.path().join(FILE_NAME), &bytes).expect("is written");
    assert_eq!(Model::load(dir.path()).expect("loads").version, Model::from_bytes(&bytes).expect("loads").version);
    assert_eq!(std::fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left beside it");
}

#[test]
fn the_built_in_model_knows_spam_and_spares_people() {
    let model = Model::embedded().expect("the built-in model loads");
    for advert in [
        "Check out my channel and subscribe for free gift cards! http://bit.ly/xyz123",
        "<a href=\"http://cheap-handbags-outlet.info\">cheap handbags</a> <a href=\"http://cheap-watches-outlet.info\">replica watches</a>",
        "buy viagra online without prescription http://cheap-pills-online.info/viagra.html",
    ] {
        assert!(spam(&model, advert) > 0.6, "{advert}: {}", spam(&model, advert));
    }
    for honest in [
        "Thanks, this fixed my build. The second example has a typo, though.",
        "I disagree: the tax was introduced in 1998, see page 12 of the report.",
        "Das ist ein sehr guter Artikel, vielen Dank dafür!",
    ] {
        assert!(spam(&model, honest) < 0.5, "{honest}: {}", spam(&model, honest));
    }
}

#[test]
fn disguised_spam_scores_close_to_plain_spam() {
    let model = Model::embedded().expect("the built-in model loads");
    let text =
        "Cheap replica watches and designer handbags, order viagra online today http://replica-outlet.info/watches";
    let plain = spam(&model, text);
    for disguise in Disguise::ALL {
        let disguised = spam(&model, &disguise.apply(text, &mut Dice::new(1, 1)));
        assert!(disguised > plain - 0.15, "{}: {disguised}, plain {plain}", disguise.as_str());
    }
}

#[test]
fn identity_words_alone_keep_nothing_back() {
    let model = Model::embedded().expect("the built-in model loads");
    // They do raise the probability, as the model card says; well below where the built-in policy holds a comment.
    let limit = crate::policy::Thresholds::default().hold_toxic - 0.2;
    for identity in ["gay", "Muslim", "Jewish", "black", "transgender", "Christian"] {
        let said = toxic(&model, &format!("I am a {identity} woman and I live in Lyon."));
        assert!(said < limit, "{identity}: {said}");
    }
    assert!(toxic(&model, "You are a stupid idiot and everybody hates you.") > 0.6);
}

#[test]
fn hostile_texts_take_bounded_time() {
    let model = model();
    for text in ["a".repeat(20_000), "http://x.yz ".repeat(1_600), "\u{301}".repeat(1_000), "🙂!".repeat(10_000)] {
        // A quadratic step would take minutes here, and the test would never end.
        assert!(spam(&model, &text).is_finite());
    }
}
