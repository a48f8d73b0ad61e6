// An identity provider with three people: `node provider.mjs <port> <redirect URI>`.
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const roles = { ann: ["other", "dramatis-admins", "dramatis-readers"], bob: ["dramatis-readers"], eve: ["other"] };
const provider = new Provider(issuer, {
  clients: [{ client_id: "studio", client_secret: "studio-and-provider", redirect_uris: [redirectUri] }],
  claims: { openid: ["sub", "roles", "workspace_id"], profile: ["name"], email: ["email"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["of-the-tests"] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `${id} of tests`, email: `${id}@example.com`, roles: roles[id], workspace_id: "of-claim" }),
  }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
