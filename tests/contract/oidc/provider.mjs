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

const provider = new Provider(issuer, {
  jwks: JSON.parse(readFileSync(KEYS, "utf8")),
  clients: Object.keys(GROUPS).map((id) => ({
    client_id: id,
    client_secret: "contract-suite-secret",
    redirect_uris: [],
    response_types: [],
    grant_types: ["client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
  })),
  extraTokenClaims: async (_, token) => ({ groups: GROUPS[token.clientId] }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => RESOURCE,
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
  return answer(request, response);
}).listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
