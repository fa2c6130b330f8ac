// Fournisseur d'identité du poste de développement : le vrai protocole (oidc-provider), des comptes fictifs, aucun mot de
// passe. Il n'est ni dans l'image ni dans les valeurs d'un environnement : « mirai-kit check » le refuse.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const lire = (nom, defaut) => {
  const valeur = process.env[nom] ?? defaut;
  if (valeur === undefined) {
    console.error(`fournisseur : la variable ${nom} manque`);
    process.exit(2);
  }
  return valeur;
};

const hote = lire("DOUBLURE_HOTE", "127.0.0.1");
const port = Number(lire("DOUBLURE_PORT", "9000"));
const emetteur = lire("DOUBLURE_EMETTEUR", `http://127.0.0.1:${port}`);
const audience = lire("DOUBLURE_AUDIENCE");
const client = lire("DOUBLURE_CLIENT");
const secret = lire("DOUBLURE_SECRET");
const retour = lire("DOUBLURE_RETOUR");
const fichierCles = lire("DOUBLURE_CLES", "");
// « jwt » : réponse de /me signée, comme ProConnect et FranceConnect ; « json » : comme Keycloak.
const userinfo = lire("DOUBLURE_USERINFO", "json");
// Algorithme convenu à l'inscription, pour l'id_token et, s'il est signé, pour userinfo.
const signature = lire("DOUBLURE_SIGNATURE", "RS256");
const fin = lire("DOUBLURE_FIN", "");
const duree = Number(lire("DOUBLURE_DUREE_SECONDES", "3600"));

// Personnes fictives. « groupes » devient la revendication « groups » du jeton.
const COMPTES = {
  "camille-martin": {
    groupes: ["instructeurs", "lecteurs"],
    revendications: {
      given_name: "Camille", family_name: "Martin", usual_name: "Martin", name: "Camille Martin",
      email: "camille.martin@agents.exemple.fr", email_verified: true, uid: "camille-martin", siret: "00000000000000", idp_id: "doublure",
    },
  },
  "sacha-durand": {
    groupes: ["lecteurs"],
    revendications: {
      given_name: "Sacha", family_name: "Durand", usual_name: "Durand", name: "Sacha Durand",
      email: "sacha.durand@agents.exemple.fr", email_verified: true, uid: "sacha-durand", siret: "00000000000000", idp_id: "doublure",
    },
  },
  "alix-sans-groupe": {
    groupes: [],
    revendications: {
      given_name: "Alix", family_name: "Petit", usual_name: "Petit", name: "Alix Petit",
      email: "alix.petit@usagers.exemple.fr", email_verified: true, birthdate: "1990-01-01", gender: "female", birthplace: "75056", birthcountry: "99100",
      uid: "alix-sans-groupe", siret: "00000000000000", idp_id: "doublure",
    },
  },
};

function cles() {
  if (fichierCles && existsSync(fichierCles)) return JSON.parse(readFileSync(fichierCles, "utf8"));
  const jwk = (type, options, alg) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
    alg, use: "sig", kid: `${alg}-${randomBytes(6).toString("hex")}`,
  });
  const nouvelles = { keys: [jwk("rsa", { modulusLength: 2048 }, "RS256"), jwk("ec", { namedCurve: "P-256" }, "ES256")] };
  if (fichierCles) writeFileSync(fichierCles, JSON.stringify(nouvelles, null, 2), { mode: 0o600 });
  return nouvelles;
}

const PORTEES = "openid profile email groups";
// RFC 8707 veut une adresse absolue pour désigner l'API ; son nom dans les jetons est l'audience configurée.
const RESSOURCE = "urn:doublure:api";
const fournisseur = new Provider(emetteur, {
  jwks: cles(),
  cookies: { keys: [randomBytes(32).toString("hex")] },
  clients: [{
    client_id: client,
    client_secret: secret,
    redirect_uris: [retour],
    grant_types: ["authorization_code", "client_credentials"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_post",
    id_token_signed_response_alg: signature,
    ...(fin ? { post_logout_redirect_uris: [fin] } : {}),
    ...(userinfo === "jwt" ? { userinfo_signed_response_alg: signature } : {}),
  }],
  claims: {
    openid: ["sub"],
    profile: ["given_name", "family_name", "usual_name", "name"],
    given_name: ["given_name"], family_name: ["family_name"], usual_name: ["usual_name"],
    email: ["email", "email_verified"],
    birthdate: ["birthdate"], gender: ["gender"], birthplace: ["birthplace"], birthcountry: ["birthcountry"],
    uid: ["uid"], siret: ["siret"], idp_id: ["idp_id"],
    groups: ["groups"],
  },
  scopes: ["openid", "offline_access"],
  acrValues: ["eidas1"],
  async findAccount(_, id) {
    const compte = COMPTES[id];
    return compte && {
      accountId: id,
      claims: async () => ({ sub: id, groups: compte.groupes, ...compte.revendications }),
    };
  },
  // Le jeton d'un programme (client_credentials) a les droits d'un instructeur : c'est celui que « make dev » affiche.
  extraTokenClaims: async (_, jeton) => ({ groups: COMPTES[jeton.accountId ?? "camille-martin"].groupes }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    jwtUserinfo: { enabled: true },
    introspection: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      // Aucune question : la page envoie seule sa confirmation, comme le fait le fournisseur imité.
      logoutSource: async (ctx, formulaire) => {
        ctx.body = page("Se déconnecter", `${formulaire}<p><button form="op.logoutForm" value="yes" name="logout">Fermer la session</button></p>`);
      },
    },
    resourceIndicators: {
      enabled: true,
      // ProConnect et FranceConnect : un jeton qui n'ouvre que userinfo, jamais une API.
      defaultResource: async () => (userinfo === "jwt" ? [] : RESSOURCE),
      useGrantedResource: async () => true,
      getResourceServerInfo: async () => ({
        audience, scope: PORTEES, accessTokenFormat: "jwt", accessTokenTTL: duree, jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  ttl: { AccessToken: duree, ClientCredentials: duree, IdToken: duree, Session: 28800, Grant: 28800, Interaction: 600 },
  interactions: { url: (_, interaction) => `/connexion/${interaction.uid}` },
  // Aucun consentement demandé : le fournisseur des agents n'en demande pas.
  async loadExistingGrant(ctx) {
    const accord = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    accord.addOIDCScope(ctx.oidc.requestParamScopes ? [...ctx.oidc.requestParamScopes].join(" ") : PORTEES);
    accord.addResourceScope(RESSOURCE, PORTEES);
    await accord.save();
    return accord;
  },
  renderError: async (ctx, sortie) => {
    ctx.type = "html";
    ctx.body = page("Connexion impossible", `<p role="alert">${proteger(sortie.error)} : ${proteger(sortie.error_description ?? "")}</p>`);
  },
});

const proteger = (texte) => String(texte).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function page(titre, corps) {
  return `<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${proteger(titre)} – fournisseur d’identité de développement</title><link rel="stylesheet" href="/style.css"></head>
<body><main><h1>${proteger(titre)}</h1>${corps}</main></body></html>`;
}

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;color:#161616;background:#fff;margin:0}main{max-width:40rem;margin:0 auto;padding:2rem 1rem}
button{font:inherit;color:#fff;background:#000091;border:0;padding:.6rem 1.2rem;margin:.3rem 0;cursor:pointer}
button:focus-visible,a:focus-visible{outline:3px solid #0a76f6;outline-offset:2px}`;

function repondre(reponse, statut, type, corps) {
  reponse.writeHead(statut, {
    "Content-Type": `${type}; charset=utf-8`,
    "Cache-Control": "no-store",
    // Sans form-action : la redirection qui suit le formulaire mène au portail, sur un autre port.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  reponse.end(corps);
}

async function choisir(requete, reponse) {
  const { prompt } = await fournisseur.interactionDetails(requete, reponse);
  if (prompt.name !== "login") throw new Error(`étape inattendue : ${prompt.name}`);
  if (requete.method === "POST") {
    let corps = "";
    for await (const morceau of requete) {
      corps += morceau;
      if (corps.length > 4096) throw new Error("formulaire trop grand");
    }
    const compte = new URLSearchParams(corps).get("compte");
    if (compte !== null && Object.hasOwn(COMPTES, compte)) {
      await fournisseur.interactionFinished(requete, reponse, { login: { accountId: compte, acr: "eidas1" } }, { mergeWithLastSubmission: false });
      return;
    }
  }
  const boutons = Object.entries(COMPTES).map(([id, c]) => `<p><button name="compte" value="${proteger(id)}">${proteger(c.revendications.name)}
 (${proteger(c.groupes.join(", ") || "sans groupe")})</button></p>`).join("");
  repondre(reponse, 200, "text/html", page("Choisir un compte fictif", `<p>Aucun mot de passe : ce fournisseur ne sert que sur un poste de développement.</p>
<form method="post">${boutons}</form>`));
}

const ecoute = fournisseur.callback();
const serveur = createServer((requete, reponse) => {
  if (requete.url === "/style.css") return repondre(reponse, 200, "text/css", STYLE);
  if (requete.url.startsWith("/connexion/") && !requete.url.slice(11).includes("/")) {
    return choisir(requete, reponse).catch((erreur) => repondre(reponse, 400, "text/html",
      page("Connexion impossible", `<p role="alert">${proteger(erreur.message)}. Revenez au portail et recommencez.</p>`)));
  }
  return ecoute(requete, reponse);
});
serveur.listen(port, hote, () => console.log(`fournisseur d’identité : ${emetteur}`));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    serveur.close(() => process.exit(0));
    serveur.closeAllConnections();
  });
}
