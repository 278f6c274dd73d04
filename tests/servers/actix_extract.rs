//! Handlers of actix-web ask for the grant that their request came in under.

use crate::support::servers::{self, Server};
use crate::support::{Ask, HOST, NOW, TestKey, behind, get, http1, vod};
use actix_web::web::{self, ServiceConfig};
use playgate::adapters::MissingGrant;
use playgate::adapters::actix::ActixGate;
use playgate::schemes::{Carrier, Scheme};
use playgate::{OwnedGrant, Site};

const PATH: &str = "/videos/1/a.ts";

#[derive(serde::Deserialize)]
struct Mine {
    sub: String,
    seats: Vec<u8>,
}

async fn typed(grant: OwnedGrant) -> String {
    let mine: Mine = grant.claims().unwrap();
    assert!(grant.claims::<Vec<u8>>().is_err());
    assert_eq!(grant.scheme(), Scheme::SignedToken);
    let kid = grant.kid().unwrap();
    let (site, scope, carrier) = (grant.site(), grant.scope().unwrap(), grant.carrier());
    let expires = grant.expires_at().unwrap();
    format!("{} {:?} {kid} {site} {scope:?} {carrier:?} {expires}", mine.sub, mine.seats)
}

async fn optional(grant: Option<OwnedGrant>) -> String {
    grant.map_or("nobody".to_owned(), |grant| grant.claims::<Mine>().unwrap().sub)
}

async fn result(grant: Result<OwnedGrant, MissingGrant>) -> String {
    grant.map_or_else(|missing| format!("{missing:?}"), |grant| grant.scheme().as_str().to_owned())
}

fn routes(app: &mut ServiceConfig) {
    app.route("/videos/{key:.*}", web::get().to(typed))
        .route("/maybe/a", web::get().to(optional))
        .route("/open/a", web::get().to(optional))
        .route("/open/result", web::get().to(result))
        .route("/maybe/result", web::get().to(result))
        .route("/open/wrong", web::get().to(typed));
}

/// The middleware around the application, and around a scope in it.
fn doors(site: &Site) -> [Server; 2] {
    let around = behind(site.clone());
    let inside = around.clone();
    let scoped = move |app: &mut ServiceConfig| {
        app.service(web::scope("").wrap(ActixGate::new(inside.clone())).configure(routes));
    };
    [servers::actix("around", Some(&around), routes), servers::actix("inside", None, scoped)]
}

fn good() -> String {
    TestKey::Rsa.token(&format!(r#"{{"uri":"","exp":{},"sub":"ada","seats":[1,2]}}"#, NOW + 60))
}

async fn ask(door: &Server, ask: Ask) -> (u16, String) {
    let answer = http1(door.name, door.address, &ask.http1()).await;
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

#[tokio::test]
async fn a_handler_gets_its_grant_with_typed_claims() {
    let good = good();
    let told = |carrier: Carrier| format!("ada [1, 2] rsa {HOST} \"\" {carrier:?} {}", NOW + 60);
    for door in doors(&vod().grant_extension(true).public_paths(["open/"]).carriers([
        Carrier::Query,
        Carrier::Bearer,
        Carrier::Cookie,
    ])) {
        for (name, asked, body) in [
            ("query", get(PATH).query(&good), told(Carrier::Query)),
            ("query, encoded", get(PATH).query(good.replace('.', "%2e")), told(Carrier::Query)),
            ("cookie", get(PATH).cookie(&good), told(Carrier::Cookie)),
            ("bearer", get(PATH).bearer(&good), told(Carrier::Bearer)),
            ("optional, there", get("/maybe/a").query(&good), "ada".to_owned()),
            ("optional, public", get("/open/a").query(&good), "nobody".to_owned()),
            ("result, there", get("/maybe/result").query(&good), "signed-token".to_owned()),
            ("result, public", get("/open/result").query(&good), "MissingGrant".to_owned()),
        ] {
            assert_eq!(ask(&door, asked).await, (200, body), "{}: {name}", door.name);
        }
    }
}

#[tokio::test]
async fn a_handler_that_asks_for_a_grant_where_none_can_be_is_a_mistake_of_the_server() {
    let public = vod().grant_extension(true).public_paths(["open/"]);
    for door in doors(&public) {
        let (status, body) = ask(&door, get("/open/wrong").query(good())).await;
        assert_eq!(status, 500, "{}: a public path", door.name);
        assert!(body.contains("grant_extension on its site"), "{}: {body}", door.name);
    }
    for door in doors(&vod()) {
        let (status, _) = ask(&door, get(PATH).query(good())).await;
        assert_eq!(status, 500, "{}: a site keeps its grants to itself unless told otherwise", door.name);
        assert_eq!(ask(&door, get("/maybe/a").query(good())).await, (200, "nobody".to_owned()));
    }
}
