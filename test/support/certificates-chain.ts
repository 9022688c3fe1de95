/**
 * A chain of certificates for tests, with an authority in the middle, and a client's key in the forms that are opened
 * with a passphrase. Valid for a hundred years; the keys are no secret.
 */
import type { Certificate } from "./certificates.js"

/** The authority that signed the one in the middle. */
export const root = `-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIBEDAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZlZmZlY3Qt
aHR0cHggdGVzdCByb290MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjUwMTAxMDAwMDAw
WjAhMR8wHQYDVQQDDBZlZmZlY3QtaHR0cHggdGVzdCByb290MFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAE5yI/rePR1Y5D5SrFB2SmCi1dElvvsD1KQaCXpURAQ7Ty
7fha6eO45TxUdwdM17upLJ5C9AGLWu0a+iKi4H8MLaNCMEAwDwYDVR0TAQH/BAUw
AwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFMdVHpa5v1teAONhwNtRbsnM
9G8nMAoGCCqGSM49BAMCA0kAMEYCIQCU/qiEA+0IS2/g/URkMgFDwdF6ZBOyf29k
u5bm4UVNCgIhAOUkd49GcvDRd8KyWwwtf5tTretfs1MM1AyclYowwTP1
-----END CERTIFICATE-----
`

/** The authority that signed the others. */
export const intermediate = `-----BEGIN CERTIFICATE-----
MIIBnTCCAUSgAwIBAgIBETAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZlZmZlY3Qt
aHR0cHggdGVzdCByb290MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjUwMTAxMDAwMDAw
WjApMScwJQYDVQQDDB5lZmZlY3QtaHR0cHggdGVzdCBpbnRlcm1lZGlhdGUwWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAATVXRVXsGcjRoqP97BZynZ/3e+mK4ZK1Kxa
HzcpQMU8pQQeMwlM/F5qN1+Kodh6UA47QdPDdQGm4uuG5o3Uokuto2MwYTAPBgNV
HRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUKjJ5YX7WMRm0
NYvZFHBbqmmh/MAwHwYDVR0jBBgwFoAUx1Uelrm/W14A42HA21Fuycz0bycwCgYI
KoZIzj0EAwIDRwAwRAIgDyKLpuG7AS/UNWXnOFFuzj33dcE2eqegLQGaF8v+HnwC
IAi9g5eSMgBb/sbxMwsK1zdR8p35Ai++zJLJZpEmir8S
-----END CERTIFICATE-----
`

/** For localhost, 127.0.0.1 and ::1, with the authority in the middle after it. */
export const chained: Certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBnjCCAUSgAwIBAgIBEjAKBggqhkjOPQQDAjApMScwJQYDVQQDDB5lZmZlY3Qt
aHR0cHggdGVzdCBpbnRlcm1lZGlhdGUwIBcNMjAwMTAxMDAwMDAwWhgPMjEyNTAx
MDEwMDAwMDBaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABDPZDeF5eoRwbvCQbxts5A4ALbpNonvpaqbGvZjBoRAAmiwdD2ok
qpYgbO892bcxyBNmXvUr0Ow604Uujm1ml3qjcDBuMCwGA1UdEQQlMCOCCWxvY2Fs
aG9zdIcEfwAAAYcQAAAAAAAAAAAAAAAAAAAAATAdBgNVHQ4EFgQUnhwuUgGnxEwt
KKnwT6WUdqk8dxIwHwYDVR0jBBgwFoAUKjJ5YX7WMRm0NYvZFHBbqmmh/MAwCgYI
KoZIzj0EAwIDSAAwRQIhAKHCa+H8EFkKv/NNEzt1XfTYH2n7OdJVUgVgAVkkqO1l
AiAHFH0HzFwhSKxdPEewprNtd5tZPXxmk+P46GMdjC4i0A==
-----END CERTIFICATE-----
${intermediate}`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYZcNRB9fSGZLzy6z
+VErWB/xpgd+FFsMWv6IgqkmjdChRANCAAQz2Q3heXqEcG7wkG8bbOQOAC26TaJ7
6Wqmxr2YwaEQAJosHQ9qJKqWIGzvPdm3McgTZl71K9DsOtOFLo5tZpd6
-----END PRIVATE KEY-----
`
}

/** For a client called "a client", with the authority in the middle after it. */
export const chainedClient: Certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBhDCCASqgAwIBAgIBEzAKBggqhkjOPQQDAjApMScwJQYDVQQDDB5lZmZlY3Qt
aHR0cHggdGVzdCBpbnRlcm1lZGlhdGUwIBcNMjAwMTAxMDAwMDAwWhgPMjEyNTAx
MDEwMDAwMDBaMBMxETAPBgNVBAMMCGEgY2xpZW50MFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEma4iao6Tao5wUiYhRBbKoqsHEt9lADA8nykoOFoUQG6Giz9Gc/Hg
LWofgmDgT5YESwgGT4J/AU1zZ1HrhNnvtaNXMFUwEwYDVR0lBAwwCgYIKwYBBQUH
AwIwHQYDVR0OBBYEFM90X1I2H2GedJmudoEwp1wSiR7nMB8GA1UdIwQYMBaAFCoy
eWF+1jEZtDWL2RRwW6ppofzAMAoGCCqGSM49BAMCA0gAMEUCIDDh3SvnRPTknovc
YCC6y677W/Xpi/QJS2b0YU0u9BJ0AiEAjWVzGolTNrX33o/NLE6mS+dscVkM2rcL
82Zkc22wp10=
-----END CERTIFICATE-----
${intermediate}`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0Tmrvc0DaiBRYigk
qijAEgcl5oqqCLyvQqemMmQ6kgOhRANCAASZriJqjpNqjnBSJiFEFsqiqwcS32UA
MDyfKSg4WhRAboaLP0Zz8eAtah+CYOBPlgRLCAZPgn8BTXNnUeuE2e+1
-----END PRIVATE KEY-----
`
}

/** What opens the two below. */
export const passphrase = "open-sesame"

/** The key of `chainedClient`, encrypted. */
export const encryptedKey = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAht8yyc5SIEmAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEOypEcVvpgCnLFueVIX/rSYEgZB7
ft+BaxnUV/tJeYChcpVC+50HkA4zUEfgFeQ0uN8rqBMQLN1CzjwB107675B6DSF4
50kZRBeNUAZpk5YkFIBVoISsmMBzZZ/r3sn+vKEeoTX426jsnyvlt7U8lgm2zHyr
B6MB11hDXgnjLLjEKCKDSGyLUm19k+eYIBnVuWM7KMIp6foIO8hkVeg7HiOXtVk=
-----END ENCRYPTED PRIVATE KEY-----
`

/** All of `chainedClient` as PKCS #12. */
export const clientPfx = Buffer.from(
  `MIIF3AIBAzCCBZIGCSqGSIb3DQEHAaCCBYMEggV/MIIFezCCBDIGCSqGSIb3DQEHBqCCBCMwggQfAgEAMIIEGAYJKoZIhvcNAQcB
MFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiNpJKCet+awwICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBWX
cdWPnx0tRSciAItEVRSAggOw8lfEjBF7Dws82mD1JHjQ1dlFVYETtrH+SjA8A7Iil0ZvPuRJtFoj1uDa1izouUoL3bh4tmWyO6l6
U7TxlmtodYEgZWg1YHZs2oC3nB0BSiWqbtrxjmNPqz+ANnhCM25SdOLAA/y3O84Gw9j8Sjv2pcCuNR0j4snbeenxYsrHxLAaCZ8g
bx3zJLMPGEZee8qC4WrctLHpAYoxVFq0dkp+7LtTLURl4e4P2jX6gp9wlKqTurGdKA7hgLavsDQZBSbcJdV8s5sUy/rpmAgiJVn0
8e5kbABOdg761/L8KW6lfa97XgHCyuNoGjMfJeyvNT9DIucMEeWmUyUhCLF/lRD3niZnaAMne/LxBN8rGs+yFPagRbw6Y47vhskr
rJFY2mxAQaw3Lzby14Ru89WPoJNUzCObP+HsCaJAbtPNmlm/cQvgUV40hpi3xrmxvIQZOP2K9l1dXlblQ65gU+mH+czslbDEvhOS
bdpWkNraBsnffBZQUOH3rrF5/iXOJA5WLAtl5vb9mL9/K5+MaBaSPVtjAeS5sdzmzh4gYlNxNsNDWuwA8fMy+8uxSp/DZHzPeD8S
ev/SsvwxsrAaQ8DgT8RH4RLesxfx2bf+TOmzOfrCF5kZnZAlRHz4wMKLA1DlGIz4CczQLalf++TM1KYyJ2ozSw/hrhgBKhYsXwOT
GMiZAfOxbSmgGR7ZZjAqXB1IpoLAyb7CNPGb9SBiKEbr54glnhgy0MBkKolkSRf+gyJPVEQ73bG/QHbcLbrtP3HilptDgIbuTJ+Z
uS/YV0EYHMtaNq+0rM18mkd/3Z4wOe+gvBtAreDm494Hy6ottZArdPHundwDW+aJSEv33H/MbyRqbrpZY8Y2wTJX0Lhz1vGmA7fq
W7DC8aW8J5ybyCQzc6VLIHiCt8ewAYQRNJeEgkmzPOikrZaTMRvaxOLQA9qXG6j+eQL5yIXxmfd3rovccR+n4dRhOzP72bE2BZci
Ja4tyofPpUe3SIFjr6TGK5m1T7DOiWyuSf/uo2j/e9A9Y1CjGGQluu1F2IdaV2A40OtQ0YcxKm/yaDgeGjFj3cZoVI/IX5s9Yfuw
2nDT0HWkD2AXhb8WxsV+ONnJerckesKzsdXIf4RmB+s76+cWVbQtkw3FF12gEOT+2r5Ym6gP3IWSChViP8hyoxceFydxgLyhakbS
CehwMQas8CoLmpRillse8I0xuxsI3D5M/iKjFoi/SsoGc/BgI4qQaz8DJT10KVahKi6sTxcv7UGQDfHWPEwwggFBBgkqhkiG9w0B
BwGgggEyBIIBLjCCASowggEmBgsqhkiG9w0BDAoBAqCB7zCB7DBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIRsFIU9C5
vd0CAggAMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBBMg9tnKC3DlhcaJEfb/FL3BIGQSNHLv/iSHs5UirbiPbSUXXlrJZbw
Zwmzi1q/2zZninpqom4Q1u9qscR51ToevKOaYDTL6vZc/wj1FZFmlgM5Ox+4hVL87RqV8VGYrQU/TxEMx4v1JoKdvmi3xuHnM+VM
zTl0s7JstKZ6Lv2sKZom3FRRGVRwH3aqGylSQGsxwmdqJ+eAAUyrJTGYHTJFw31jMSUwIwYJKoZIhvcNAQkVMRYEFMkW41i7GZPo
YMWyjYXuDngO3ey8MEEwMTANBglghkgBZQMEAgEFAAQg3lBH9mdznjWmKRQsppuOROT+kfHgAZfTuqlx48DpYHYECBoclREZtT5B
AgIIAA==`,
  "base64"
)

/** The pins of the chain's keys, as `openssl x509 -pubkey`, `openssl pkey -outform der` and `openssl dgst -sha256` tell. */
export const pins = {
  leaf: "sha256/GMXa6bEQC5gmjnEeUIlwrYxTfncAI0mWxfkgTcDRzO0=",
  intermediate: "sha256/B5ySlHPqtviZS5u/eUV3r6FX/0gQXSRXXEDzdVqVrXc=",
  root: "sha256/PyepUBwn+zwRSx8zVMnpA2MTk3D9aicHHy9osRWaH78="
}
