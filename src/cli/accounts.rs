//! `moderato user …`.

use std::io::Read;

use super::{open, print_line};
use crate::config::Config;
use crate::id::UserId;
use crate::secrets;
use crate::store::{Role, Store, StoreError, User};

#[derive(Debug, clap::Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; the password comes on standard input
    Create {
        /// The e-mail address to sign in with
        #[arg(long)]
        email: String,
        /// What colleagues call them; the part before the @ when it is left out
        #[arg(long)]
        name: Option<String>,
        /// administrator, moderator or viewer
        #[arg(long, default_value = "moderator")]
        role: Role,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// All accounts
    List,
    /// Disable an account and end its sessions
    Disable {
        /// Its e-mail address
        email: String,
    },
}

pub(super) async fn user(config: Config, command: UserCommand) -> anyhow::Result<()> {
    let store = open(&config).await?;
    match command {
        UserCommand::Create { email, name, role, .. } => create(&store, email, name, role).await?,
        UserCommand::List => {
            for user in store.users().await? {
                let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
                print_line(&format!("{}\t{}\t{}\t{}\t{state}", user.id, user.email, user.name, user.role.as_str()))?;
            }
        }
        UserCommand::Disable { email } => {
            let done = store.disable_user(&email, crate::clock::now()).await?;
            anyhow::ensure!(done, "there is no active account {email}");
        }
    }
    store.close().await;
    Ok(())
}

async fn create(store: &Store, email: String, name: Option<String>, role: Role) -> anyhow::Result<()> {
    anyhow::ensure!(email.contains('@') && email.len() <= 254, "{email:?} is no e-mail address");
    let mut password = String::new();
    std::io::stdin().lock().take(4_096).read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    let length = password.chars().count();
    anyhow::ensure!(
        (secrets::MIN_PASSWORD..=secrets::MAX_PASSWORD).contains(&length),
        "the password on standard input has {length} characters: {} to {} are needed",
        secrets::MIN_PASSWORD,
        secrets::MAX_PASSWORD
    );
    let now = crate::clock::now();
    let name = name.or_else(|| email.split('@').next().map(str::to_owned)).unwrap_or_default();
    let user = User {
        id: UserId::fresh(now),
        email: email.clone(),
        name,
        role,
        password_hash: secrets::hash_password(password)?,
        created_at: now,
        disabled_at: None,
    };
    let id = user.id;
    store.create_user(user).await.map_err(|error| match error {
        StoreError::Exists => anyhow::anyhow!("there is an account {email} already"),
        error => error.into(),
    })?;
    print_line(&id.to_string())?;
    Ok(())
}
