//! Signing in.

use crate::world::{World, faults, now, on_both};
use crm::{EmployeeEdit, Error};

on_both!(
    a_token_signs_its_user_in_until_it_ends,
    a_password_signs_its_user_in,
    a_password_that_was_changed_meanwhile_gives_no_token,
    only_hashes_are_stored,
);

async fn a_token_signs_its_user_in_until_it_ends(world: &World) {
    let crm = &world.crm;
    let end = "2026-03-03T00:00:00Z".parse().unwrap();
    let (token, secret) =
        crm.make_token(&world.as_anna(), &world.anna, "script", &[7; 32], Some(end), now()).await.unwrap();
    let who = crm.user_of_token(&secret, now()).await.unwrap().expect("signs in");
    assert_eq!((who.user.clone(), who.admin), (world.anna.clone(), false));
    assert_eq!(crm.user_of_token(&secret, end).await.unwrap(), None, "expired");
    for wrong in ["", "crm_", &secret[..secret.len() - 1], &secret.to_uppercase()] {
        assert_eq!(crm.user_of_token(wrong, now()).await.unwrap(), None);
    }
    let refused = crm.make_token(&world.as_bob(), &world.anna, "x", &[8; 32], None, now()).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
    assert_eq!(crm.tokens(&world.as_anna(), &world.anna).await.unwrap(), std::slice::from_ref(&token));
    let edit = EmployeeEdit { active: Some(false), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.anna, 1, &edit, now()).await.unwrap();
    assert_eq!(crm.user_of_token(&secret, now()).await.unwrap(), None, "no longer active");
    let edit = EmployeeEdit { active: Some(true), admin: Some(true), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.anna, 2, &edit, now()).await.unwrap();
    assert!(crm.user_of_token(&secret, now()).await.unwrap().expect("active again").admin);
    assert!(crm.revoke_token(&world.as_anna(), &world.anna, &token.id).await.unwrap());
    assert_eq!(crm.user_of_token(&secret, now()).await.unwrap(), None);
}

async fn a_password_signs_its_user_in(world: &World) {
    let crm = &world.crm;
    assert!(crm.check_password("anna", "anything at all").await.unwrap().is_none());
    let short = crm.set_password(&world.as_anna(), &world.anna, "short", &[1; 16]).await.unwrap_err();
    assert_eq!(faults(short), ["password"]);
    crm.set_password(&world.as_anna(), &world.anna, "correct horse", &[1; 16]).await.unwrap();
    assert!(crm.check_password("ANNA", "correct horse").await.unwrap().is_some());
    assert!(crm.check_password("anna", "Correct horse").await.unwrap().is_none());
    let refused = crm.set_password(&world.as_bob(), &world.anna, "correct horse", &[1; 16]).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }));
}

async fn a_password_that_was_changed_meanwhile_gives_no_token(world: &World) {
    let crm = &world.crm;
    crm.set_password(&world.as_anna(), &world.anna, "correct horse", &[1; 16]).await.unwrap();
    let checked = crm.check_password("anna", "correct horse").await.unwrap().expect("right");
    let (token, text) = crm.sign_in(&checked, &[3; 32], None, now()).await.unwrap().expect("still right");
    assert_eq!(token.name, crm::token::SIGNED_IN);
    crm.set_password(&world.as_anna(), &world.anna, "battery staple", &[2; 16]).await.unwrap();
    assert_eq!(crm.user_of_token(&text, now()).await.unwrap(), None, "what the old one opened is closed");
    assert_eq!(crm.sign_in(&checked, &[4; 32], None, now()).await.unwrap(), None);
    let checked = crm.check_password("anna", "battery staple").await.unwrap().expect("right");
    let edit = EmployeeEdit { active: Some(false), ..EmployeeEdit::default() };
    crm.update_employee(&world.admin, &world.anna, 1, &edit, now()).await.unwrap();
    assert_eq!(crm.sign_in(&checked, &[5; 32], None, now()).await.unwrap(), None, "no longer active");
}

async fn only_hashes_are_stored(world: &World) {
    let crm = &world.crm;
    let (_, secret) = crm.make_token(&world.as_anna(), &world.anna, "script", &[9; 32], None, now()).await.unwrap();
    crm.set_password(&world.as_anna(), &world.anna, "correct horse", &[2; 16]).await.unwrap();
    let crm::Place::File(path) = &world.place else { return };
    crm.close().await;
    let bytes = std::fs::read(path).unwrap();
    for text in [secret.as_bytes(), b"correct horse"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text));
    }
}
