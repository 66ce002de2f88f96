import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { startServer } from "./server.mjs";

const { default: Gigya } = createRequire(import.meta.url)("gigya");

let server;
before(async () => {
  server = await startServer();
});
after(async () => {
  assert.equal(await server.stop(), 0, "doorward dev ends with status 0 when it is told to stop");
});

const password = "Correct-horse-7";

// The ways in which the client proves itself, each with what it may do.
const credentials = {
  "partner secret": () => new Gigya(server.apiKey, "us1", server.secret),
  "user key with its secret, signed": () => new Gigya(server.apiKey, "us1", server.userKey, server.userSecret),
  "user key with its RSA key": () =>
    new Gigya(server.apiKey, "us1", {
      userKey: server.userKey,
      privateKey: readFileSync(server.userPrivateKeyFile, "utf8"),
    }),
};

for (const [name, connect] of Object.entries(credentials)) {
  describe(`a server with the ${name}`, () => {
    const email = `${name.toLowerCase().replace(/\W+/g, "-")}@example.com`;
    let gigya, uid, sessionToken;

    before(() => {
      gigya = connect();
    });

    it("registers an account", async () => {
      const { regToken } = await gigya.accounts.initRegistration();
      const account = await gigya.accounts.register({
        regToken,
        email,
        password,
        profile: { firstName: "Zoë", lastName: "Example & <Sons>", city: "Köln" },
        data: { tier: "gold", visits: 3, nested: { keep: true, drop: "me" } },
        finalizeRegistration: true,
      });
      assert.equal(account.errorCode, 0);
      assert.equal(account.isRegistered, true);
      assert.equal(account.newUser, true);
      assert.equal(account.profile.lastName, "Example & <Sons>");
      uid = account.UID;
    });

    it("refuses the address a second time and names the field", async () => {
      const { regToken } = await gigya.accounts.initRegistration();
      await assert.rejects(
        gigya.accounts.register({ regToken, email: email.toUpperCase(), password, finalizeRegistration: true }),
        (error) => {
          assert.equal(error.errorCode, 400009);
          return true;
        },
      );
    });

    it("says that the address is taken", async () => {
      assert.equal((await gigya.accounts.isAvailableLoginID({ loginID: email })).isAvailable, false);
      assert.equal((await gigya.accounts.isAvailableLoginID({ loginID: "free@example.com" })).isAvailable, true);
    });

    it("logs the user in and verifies the signature of the answer", async () => {
      const login = await gigya.accounts.login({ loginID: email, password });
      assert.equal(login.UID, uid);
      assert.match(login.sessionInfo.cookieName, /^glt_/);
      sessionToken = login.sessionInfo.cookieValue;
      assert.ok(
        gigya.sigUtils.validateUserSignature(login.UID, login.signatureTimestamp, login.UIDSignature, server.secret),
      );
    });

    it("refuses a wrong password with 403042", async () => {
      await assert.rejects(gigya.accounts.login({ loginID: email, password: "wrong" }), { errorCode: 403042 });
      await assert.rejects(gigya.accounts.login({ loginID: "nobody@example.com", password }), { errorCode: 403042 });
    });

    it("reads the account with what was asked for", async () => {
      const account = await gigya.accounts.getAccountInfo({ UID: uid, include: "profile, data, emails, loginIDs" });
      assert.deepEqual(account.profile, { firstName: "Zoë", lastName: "Example & <Sons>", city: "Köln", email });
      assert.deepEqual(account.data, { tier: "gold", visits: 3, nested: { keep: true, drop: "me" } });
      assert.deepEqual(account.emails, { verified: [], unverified: [email] });
      assert.equal(account.preferences, undefined);
    });

    it("changes the account: objects merge, null deletes", async () => {
      await gigya.accounts.setAccountInfo({
        UID: uid,
        profile: { nickname: "z" },
        data: { tier: null, nested: { drop: null, more: [1, 2] } },
      });
      const account = await gigya.accounts.getAccountInfo({ UID: uid, include: "profile,data" });
      assert.equal(account.profile.firstName, "Zoë");
      assert.equal(account.profile.nickname, "z");
      assert.deepEqual(account.data, { visits: 3, nested: { keep: true, more: [1, 2] } });
    });

    it("finds the account", async () => {
      const found = await gigya.accounts.search({
        query: `SELECT UID, profile.firstName FROM accounts WHERE profile.email = "${email}" AND data.visits >= 3`,
      });
      assert.deepEqual(found.results, [{ UID: uid, profile: { firstName: "Zoë" } }]);
      assert.equal(found.totalCount, 1);
    });

    it("gets an id_token that verifies with the published key", async () => {
      const { id_token: token, ignoredFields } = await gigya.accounts.getJWT({
        targetUID: uid,
        fields: "firstName,profile.email,data.visits,profile.shoeSize",
        expiration: 900,
      });
      assert.equal(ignoredFields, "profile.shoeSize");
      const key = await gigya.accounts.getJWTPublicKey();
      const [header, claims, signature] = token.split(".");
      assert.equal(JSON.parse(Buffer.from(header, "base64url")).kid, key.kid);
      const publicKey = createPublicKey({ key: { kty: key.kty, n: key.n, e: key.e }, format: "jwk" });
      assert.ok(verify("RSA-SHA256", Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, "base64url")));
      const { iss, sub, iat, exp, ...rest } = JSON.parse(Buffer.from(claims, "base64url"));
      assert.equal(iss, `https://fidm.gigya.com/jwt/${server.apiKey}/`);
      assert.equal(sub, uid);
      assert.equal(exp - iat, 900);
      assert.deepEqual(rest, { apiKey: server.apiKey, firstName: "Zoë", email, "data.visits": 3 });
    });

    it("answers 403005 for a user that does not exist", async () => {
      await assert.rejects(gigya.accounts.getAccountInfo({ UID: "nobody" }), { errorCode: 403005 });
      await assert.rejects(gigya.accounts.getJWT({ targetUID: "nobody" }), { errorCode: 403005 });
    });

    it("reads the policies and the schema", async () => {
      const policies = await gigya.accounts.getPolicies({});
      assert.equal(policies.passwordComplexity.minLength, 6);
      const schema = await gigya.accounts.getSchema({});
      assert.equal(schema.profileSchema.fields.email.writeAccess, "clientModify");
      assert.equal(schema.dataSchema.dynamicSchema, true);
    });

    it("logs the user out everywhere and deletes the account", async () => {
      await gigya.accounts.logout({ UID: uid });
      const client = new Gigya(server.apiKey, "us1");
      await assert.rejects(client.request("accounts.session.verify", { login_token: sessionToken }), { errorCode: 403005 });
      await gigya.accounts.deleteAccount({ UID: uid });
      await assert.rejects(gigya.accounts.getAccountInfo({ UID: uid }), { errorCode: 403005 });
      assert.equal((await gigya.accounts.isAvailableLoginID({ loginID: email })).isAvailable, true);
    });
  });
}

describe("a client without credentials", () => {
  let gigya;
  before(() => {
    gigya = new Gigya(server.apiKey, "us1");
  });

  it("is told nothing about accounts", async () => {
    await assert.rejects(gigya.accounts.getAccountInfo({ UID: "anybody" }), { errorCode: 403007 });
    await assert.rejects(gigya.accounts.search({ query: "SELECT * FROM accounts" }), { errorCode: 403007 });
  });

  it("registers and reads its own account with the session", async () => {
    const { regToken } = await gigya.accounts.initRegistration();
    const account = await gigya.accounts.register({
      regToken,
      email: "visitor@example.com",
      password,
      profile: { firstName: "Vi" },
      finalizeRegistration: true,
    });
    const token = account.sessionInfo.cookieValue;
    const own = await gigya.request("accounts.getAccountInfo", { login_token: token });
    assert.equal(own.UID, account.UID);
    const jwt = await gigya.request("accounts.getJWT", { login_token: token, fields: "email" });
    assert.equal(JSON.parse(Buffer.from(jwt.id_token.split(".")[1], "base64url")).email, "visitor@example.com");
  });
});

describe("a key that is wrong", () => {
  it("is refused with 403005 when it is unknown, 403003 when its secret is wrong", async () => {
    const stranger = new Gigya(server.apiKey, "us1", "AAAAAAAAAAAA", server.userSecret);
    await assert.rejects(stranger.accounts.getAccountInfo({ UID: "x" }), { errorCode: 403005 });
    const liar = new Gigya(server.apiKey, "us1", server.userKey, Buffer.alloc(24).toString("base64"));
    await assert.rejects(liar.accounts.getAccountInfo({ UID: "x" }), { errorCode: 403003 });
    const guess = new Gigya(server.apiKey, "us1", Buffer.alloc(32).toString("base64"));
    await assert.rejects(guess.accounts.getAccountInfo({ UID: "x" }), { errorCode: 403010 });
  });
});
