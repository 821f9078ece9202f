// A certified OpenID provider that the tests start. It calls itself https://login.example and listens on loopback; whoever
// sends to it rewrites the one to the other. It prints one line of JSON when it is ready, and ends with its parent.
import Provider from 'oidc-provider';

const redirectUri = process.argv[2];
const issuer = 'https://login.example';
const lifetime = Number(process.env.ACCESS_TOKEN_SECONDS ?? 3600);
const pushed = process.env.PUSHED_AUTHORIZATION === 'yes';

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'hub',
      client_secret: 'a-secret-of-the-tests-only',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    // This one may log in with parameters that were pushed, and no others (RFC 9126 §6).
    ...(pushed ? [{
      client_id: 'pushing-hub',
      client_secret: 'a-secret-of-the-tests-only',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      require_pushed_authorization_requests: true,
    }] : []),
  ],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'] },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub, name: `Person ${sub}`, email: `${sub}@login.example` }) }),
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access', 'profile', 'email'],
  issueRefreshToken: async (_ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  rotateRefreshToken: true,
  ttl: { AccessToken: lifetime, AuthorizationCode: 60, IdToken: 3600, RefreshToken: 86400, Interaction: 600, Session: 600, Grant: 86400 },
  cookies: { keys: ['only-for-tests'] },
  features: { devInteractions: { enabled: true }, revocation: { enabled: true }, deviceFlow: { enabled: true }, pushedAuthorizationRequests: { enabled: pushed } },
});

// Requests reach it as http on loopback; its own URLs are those of the issuer.
provider.proxy = true;
provider.use(async (ctx, next) => {
  ctx.req.headers['x-forwarded-proto'] = 'https';
  ctx.req.headers['x-forwarded-host'] = 'login.example';
  await next();
});

const counts = { code: 0, refresh: 0, pushed: 0 };
provider.on('pushed_authorization_request.success', () => { counts.pushed += 1; });
provider.on('grant.success', (ctx) => {
  if (ctx.oidc.params.grant_type === 'refresh_token') counts.refresh += 1;
  else counts.code += 1;
});

const server = provider.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port, issuer }));
});

process.stdin.on('data', () => console.log(JSON.stringify(counts)));
process.stdin.on('end', () => process.exit(0));
