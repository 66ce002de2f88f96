"""Makes foreign.json: hashes by programs that share no code with this package.

Python's hashlib (OpenSSL), libcrypt through Python's crypt, PHP's password_hash and hash, Perl's crypt and Node's crypto;
"by" says which made which. Run it with all of them installed: python3 foreign.py > foreign.json
"""
import base64, binascii, crypt, hashlib, json, subprocess, warnings

warnings.simplefilter("ignore")
b64 = lambda b: base64.b64encode(b).decode()
vectors = []


def add(by, password, hash=None, compound=None, **settings):
    v = {"by": by, "password": password}
    if compound:
        v["compoundHashedPassword"] = compound
    else:
        v["hashedPassword"] = hash
        v["hashSettings"] = settings
    vectors.append(v)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def rounds(h, data, n):
    for _ in range(n):
        data = hashlib.new(h, data).digest()
    return data


salt = bytes(range(16))
words = ["secret", "pässwörd €", "", "x" * 200, "日本語🔑"]
for alg in ["md5", "sha1", "sha256", "sha512"]:
    for word in words:
        p = word.encode()
        add("python hashlib", word, b64(rounds(alg, p, 1)), algorithm=alg)
        add("python hashlib", word, b64(rounds(alg, p + salt, 1)), algorithm=alg, salt=b64(salt))
        add("python hashlib", word, b64(rounds(alg, p + salt, 1000)), algorithm=alg, salt=b64(salt), rounds=1000)
        add("python hashlib", word, b64(rounds(alg, b"a$" + b"s&l{t" + b"--" + p + b"z", 7)), algorithm=alg,
            salt="s&l{t", rounds=7, format="a$$salt--$passwordz")
        add("python hashlib", word, b64(rounds(alg, b"Gigya" + salt + b"_" + word.encode("utf-16-le") + b"Gigya", 1)), algorithm=alg,
            salt=b64(salt), binaryFormat="$0x4769677961$salt:base64$0x5F$password:utf16$0x4769677961")
        add("python hashlib", word, b64(rounds(alg, salt + word.encode("utf-32-le"), 2)), algorithm=alg, rounds=2,
            salt=salt.hex(), binaryFormat="$salt:hex$password:utf32")
        add("python hashlib", word, b64(rounds(alg, b"\x00" + "sält".encode("utf-16-le") + binascii.hexlify(p) + base64.b64encode(p), 1)),
            algorithm=alg, salt="sält", binaryFormat="$0x00$salt:utf16$password:hex$password:base64")
    add("node crypto", "secret", run("node", "-e", f"""
        const c=require('crypto');process.stdout.write(c.createHash('{alg}').update('secret').digest('base64'))"""), algorithm=alg)
    add("php hash", "secret", run("php", "-r", f"echo base64_encode(hash('{alg}', 'pepper:secret', true));"), algorithm=alg,
        format="pepper:$password")

for word in words:
    p, wide = word.encode(), word.encode("utf-16-le")
    add("python hashlib", word, b64(rounds("sha1", wide, 1)), algorithm="sha1_hashbytes")
    add("python hashlib", word, b64(rounds("sha1", wide + salt, 1)), algorithm="sha1_hashbytes", salt=b64(salt))
    add("python hashlib", word, b64(rounds("sha1", ("na:" + word).encode("utf-16-le"), 1)), algorithm="sha1_hashbytes", salt="na",
        format="$salt:$password")
    add("python hashlib", word, hashlib.sha512(p + salt).hexdigest(), algorithm="sha512Hexa", salt=b64(salt))
    d = hashlib.sha512(p + salt).digest()
    for _ in range(9):
        d = hashlib.sha512(d.hex().encode()).digest()
    add("python hashlib", word, b64(d), algorithm="sha512Hexa", salt=b64(salt), rounds=10)
    inner = hashlib.md5(p).hexdigest().encode()
    add("python hashlib", word, b64(hashlib.md5(inner + salt).digest()), algorithm="md5_double_salted", salt=b64(salt))
    for alg, h, length in [("pbkdf2", "sha1", 16), ("pbkdf2", "sha1", 20), ("pbkdf2", "sha1", 48), ("pbkdf2_sha256", "sha256", 32),
                           ("pbkdf2_sha512", "sha512", 20), ("pbkdf2_sha512", "sha512", 64)]:
        add("python hashlib", word, b64(hashlib.pbkdf2_hmac(h, p, salt, 3000, length)), algorithm=alg, salt=b64(salt), rounds=3000)
add("node crypto", "secret", run("node", "-e", """
    const c=require('crypto');process.stdout.write(c.pbkdf2Sync('secret','salty',10000,20,'sha512').toString('base64'))"""),
    algorithm="pbkdf2_sha512", salt=b64(b"salty"), rounds=10000)
add("php hash_pbkdf2", "secret", run("php", "-r", "echo base64_encode(hash_pbkdf2('sha1', 'secret', 'salty', 5000, 20, true));"),
    algorithm="pbkdf2", salt=b64(b"salty"), rounds=5000)

for word in ["secret", "pässwörd €", "", "0123456789abcdefg", "x" * 100]:
    for s in ["12345678", "ab", "./Zz09aA"]:
        add("libcrypt", word, compound=crypt.crypt(word, "$1$" + s))
add("perl crypt", "secret", compound=run("perl", "-e", "print crypt('secret', '$1$saltsalt')"))
add("openssl passwd", "secret", compound=run("openssl", "passwd", "-1", "-salt", "xyz", "secret"))
alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def unscramble(text):
    """The 16 bytes that the text of $1$ stands for."""
    raw = [0] * 16
    value = lambda s: sum(alphabet.index(c) << 6 * i for i, c in enumerate(s))
    for i, (a, b, c) in enumerate([(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)]):
        v = value(text[4 * i:4 * i + 4])
        raw[a], raw[b], raw[c] = v >> 16, v >> 8 & 255, v & 255
    raw[11] = value(text[20:])
    return bytes(raw)


text = crypt.crypt("secret", "$1$12345678")
add("libcrypt", "secret", b64(unscramble(text.split("$")[3])), algorithm="md5_crypt", salt=b64(b"12345678"))

for word in ["secret", "pässwörd €", "", "y" * 72, "y" * 90]:
    for kind in ["2a", "2b", "2y"]:
        add("libcrypt", word, compound=crypt.crypt(word, f"${kind}$05$abcdefghijklmnopqrstuu"))
add("php password_hash", "secret", compound=run("php", "-r", "echo password_hash('secret', PASSWORD_BCRYPT, ['cost' => 6]);"))
text = crypt.crypt("secret", "$2a$05$abcdefghijklmnopqrstuu")
table = str.maketrans("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
raw = lambda s: base64.b64decode(s.translate(table) + "=" * (-len(s) % 4))
add("libcrypt", "secret", b64(raw(text[29:])), algorithm="bcrypt", salt=b64(raw(text[7:29])), rounds=32)


def drupal(word, salt, cost):
    """password_crypt of Drupal 7, from its description."""
    d = hashlib.sha512(salt.encode() + word.encode()).digest()
    for _ in range(1 << cost):
        d = hashlib.sha512(d + word.encode()).digest()
    out = ""
    for i in range(0, 64, 3):
        v = int.from_bytes(d[i:i + 3], "little")
        out += "".join(alphabet[v >> 6 * j & 63] for j in range(len(d[i:i + 3]) + 1))
    return ("$S$" + alphabet[cost] + salt + out)[:55], d


for word in ["secret", "pässwörd €"]:
    text, d = drupal(word, "aB3./xYz", 10)
    add("python hashlib", word, compound=text)
    add("python hashlib", word, b64(d), algorithm="drupal", salt=b64(b"aB3./xYz"), rounds=1024)
# Published: hashcat's example of mode 7900.
add("published (hashcat)", "hashcat", compound="$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf")

for word in ["secret", "pässwörd €"]:
    for n in [None, 17]:
        out = run("php", "-r", f"""
            $salted = $argv[1] . '{{' . 'salty' . '}}';
            $d = hash('sha512', $salted, true);
            for ($i = 1; $i < {n or 5000}; $i++) $d = hash('sha512', $d . $salted, true);
            echo base64_encode($d);""", word)
        extra = {"rounds": n} if n else {}
        add("php hash", word, out, algorithm="symphony2", salt=b64(b"salty"), **extra)

# Published: hashcat's example of mode 10300, and three from the test suite of John the Ripper.
add("published (hashcat)", "hashcat", "{x-issha, 1024}C0624EvGSdAMCtuWnBBYBGA0chvqAflKY74oEpw/rpY=", algorithm="sap_abap")
add("published (john)", "OpenWall", "{x-issha, 1024}hmiyJ2a/Z+HRpjQ37Osz+rYax9UxMjM0NTY3ODkwYWI=", algorithm="sap_abap")
for kind, h, n in [("x-issha", "sha1", 1024), ("x-isSHA256", "sha256", 3000), ("x-isSHA384", "sha384", 500), ("x-isSHA512", "sha512", 15000)]:
    d = hashlib.new(h, b"secret" + salt).digest()
    for _ in range(n - 1):
        d = hashlib.new(h, b"secret" + d).digest()
    add("python hashlib", "secret", "{%s, %d}%s" % (kind, n, b64(d + salt)), algorithm="sap_abap")

print(json.dumps(vectors, ensure_ascii=False, indent=1))
