//! What moderators taught: which labels count, and which lesson is in force.

use moderato::classifier::Model;
use moderato::classifier::teaching::{FEWEST, teach};
use moderato::dataset::Row;
use moderato::id::UserId;
use moderato::store::{Actor, Directory};

use crate::{SITE, World, now, on_both, says};

on_both!(labels_of_people_teach_and_those_of_forms_do_not, the_newest_lesson_is_in_force_and_some_older_ones_are_kept,);

async fn labels_of_people_teach_and_those_of_forms_do_not(world: World) {
    let person = || Actor::User(UserId(1));
    let form = || Actor::Form("k".to_owned());
    assert_eq!(world.new_labels(SITE, 0).await.expect("labels"), None);
    let labels = [
        ("published", vec![("spam", person()), ("ham", person())]),
        ("abuse", vec![("toxic", person())]),
        ("twice", vec![("spam", person()), ("ham", form())]),
        ("nobody", vec![("ham", form())]),
    ];
    for (text, labels) in labels {
        let id = world.comment(says(text), now()).await;
        for (label, actor) in labels {
            world.label_once(SITE, id, label, actor, now()).await.expect("labelled");
        }
    }
    let taught = world.taught_comments(SITE, 10).await.expect("comments");
    let taught: Vec<_> = taught.iter().map(|row| (row.text.as_str(), row.spam, row.toxic)).collect();
    let expected =
        [("twice", Some(true), None), ("abuse", Some(false), Some(true)), ("published", Some(false), Some(false))];
    assert_eq!(taught, expected);
    assert_eq!(world.taught_comments(SITE, 1).await.expect("comments").len(), 1);

    let all = world.new_labels(SITE, 0).await.expect("labels").expect("some");
    assert_eq!((all.number, all.since), (4, now()));
    assert_eq!(world.new_labels(SITE, all.newest).await.expect("labels"), None);
}

async fn the_newest_lesson_is_in_force_and_some_older_ones_are_kept(world: World) {
    let model = Model::embedded().expect("the embedded model is sound");
    let row = |n: usize, text: &str, spam| Row { text: format!("{text} {n}"), spam: Some(spam), ..Row::default() };
    let rows: Vec<Row> = (0..FEWEST)
        .flat_map(|n| [row(n, "they were so kind to me at Velmora", true), row(n, "the bridge was closed", false)])
        .collect();
    for number in 1..=25 {
        let lesson = teach(&model, number, &rows).expect("a lesson");
        assert!(world.put_lesson(SITE, &lesson, 100 + number, now()).await.expect("stored"));
        // Another replica was slower.
        assert!(!world.put_lesson(SITE, &lesson, 1, now()).await.expect("stored"));
    }
    assert_eq!(world.newest_label_taught(SITE).await.expect("a label"), 125);
    assert_eq!(world.number("SELECT MIN(number) FROM lessons").await, 6);

    let directory = world.directory(&Directory::default()).await.expect("a directory");
    let lesson = directory.sites[&SITE].lesson.clone().expect("a lesson");
    assert_eq!((lesson.number, lesson.comments, &lesson.model), (25, 2 * FEWEST as u32, &model.version));
    assert_eq!(lesson.to_bytes(), teach(&model, 25, &rows).expect("a lesson").to_bytes());
    // What was erased is forgotten with the next lesson.
    let id = world.comment(says("erased"), now()).await;
    world.erase_comment(SITE, id, &Actor::User(UserId(1)), now()).await.expect("erased");
    assert_eq!(world.newest_label_taught(SITE).await.expect("a label"), 0);

    // What is known is not read again.
    let again = world.directory(&directory).await.expect("a directory");
    assert!(again.sites[&SITE].lesson.as_ref().is_some_and(|again| std::sync::Arc::ptr_eq(again, &lesson)));
}
