//! Sentences of our own in which people are named by what they are, and nobody is insulted.
//!
//! In collections of abuse such words stand mostly beside insults, so a head that has seen nothing else takes the
//! word for the insult (Dixon et al., 2018). These rows show the toxic head the other side.

use crate::dataset::Row;

const PEOPLE: &[&str] = &[
    "gay",
    "lesbian",
    "bisexual",
    "transgender",
    "trans",
    "queer",
    "homosexual",
    "straight",
    "black",
    "white",
    "Asian",
    "African American",
    "Latino",
    "Mexican",
    "Arab",
    "Chinese",
    "Indian",
    "African",
    "European",
    "American",
    "Muslim",
    "Jewish",
    "Christian",
    "Catholic",
    "Buddhist",
    "Hindu",
    "Sikh",
    "atheist",
    "female",
    "male",
    "blind",
    "deaf",
    "disabled",
    "old",
    "young",
    "elderly",
    "nonbinary",
    "heterosexual",
    "Turkish",
    "Polish",
    "Russian",
    "Ukrainian",
];

const SENTENCES: &[&str] = &[
    "My neighbour is {} and teaches mathematics.",
    "The author, who is {}, has written three novels.",
    "We are a {} couple with two children.",
    "As a {} student I found this part helpful.",
    "There was a talk by a {} engineer at the meeting yesterday.",
    "{} families live in this street, too.",
    "Many {} people voted in the last election.",
    "She told us that her brother is {}.",
    "The {} community opens its centre on Saturday.",
    "Is the speaker {}?",
    "He says he is proud to be {}.",
    "A {} friend of mine recommended this book.",
    "{} readers asked for a second edition.",
    "They interviewed {} men and women about their work.",
];

/// The name under which these rows are counted.
const SOURCE: &str = "own_identity_sentences";

/// All sentences with all people, none of them toxic.
pub fn rows() -> impl Iterator<Item = Row> {
    SENTENCES.iter().flat_map(|sentence| {
        PEOPLE.iter().map(move |people| Row {
            text: sentence.replace("{}", people),
            source: SOURCE.into(),
            toxic: Some(false),
            ..Row::default()
        })
    })
}
