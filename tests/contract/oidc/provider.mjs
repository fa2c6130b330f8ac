// A real OpenID provider (oidc-provider) for the contract suite. Its private keys are in a file that the suite reads too, so
// that it can sign the tokens that no provider would issue; new keys and a restart are a rotation.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { PORT, KEYS, AUDIENCE } = process.env;
const issuer = `http://127.0.0.1:${PORT}`;
// One program per set of groups: what the server authorises depends on the claim alone.
const GROUPS = { instructor: ["instructeurs"], reader: ["lecteurs"], nobody: [] };
const RESOURCE = "urn:contract:api";
// A server that signs people in itself: what ProConnect and FranceConnect register, and a client whose userinfo is not signed.
const APPLICATION = "https://app.contract.invalid";
const signing = (id, more) => ({
  client_id: id,
  client_secret: "contract-suite-secret-of-32-characters",
  redirect_uris: [`${APPLICATION}/api/connexion/retour`],
  post_logout_redirect_uris: [`${APPLICATION}/api/deconnexion/retour`],
  token_endpoint_auth_method: "client_secret_post",
  ...more,
});

const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(KEYS, "utf8")),
  clients: [
    signing("session", { userinfo_signed_response_alg: "RS256" }),
    signing("plain", {}),
    ...Object.keys(GROUPS).map((id) => ({
      client_id: id,
      client_secret: "contract-suite-secret",
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
      token_endpoint_auth_method: "client_secret_post",
    })),
  ],
  claims: { openid: ["sub", "siret"] },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, siret: "00000000000000" }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
  extraTokenClaims: async (_, token) => ({ groups: GROUPS[token.clientId] }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    jwtUserinfo: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // A program asks for the API; a person signs in to the application, whose token opens userinfo alone.
      defaultResource: async (ctx) => (ctx.oidc.client.grantTypes.includes("client_credentials") ? RESOURCE : []),
      getResourceServerInfo: async () => ({
        audience: AUDIENCE, scope: "api", accessTokenFormat: "jwt", accessTokenTTL: 600, jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
// A program has no account: the provider sets no `sub` of its own but the client's identifier.
const answer = provider.callback();
const counts = {};
createServer((request, response) => {
  const path = request.url.split("?")[0];
  if (path === "/counts") return response.end(JSON.stringify(counts));
  counts[path] = (counts[path] ?? 0) + 1;
  // Nobody types anything: whoever comes is person-1.
  if (path.startsWith("/interaction/")) return provider.interactionFinished(request, response, { login: { accountId: "person-1" } });
  return answer(request, response);
}).listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
