/**
 * The hashes of Digest authentication, in JavaScript, for every runtime.
 */
import { md5 } from "@noble/hashes/legacy"
import { sha256, sha512_256 } from "@noble/hashes/sha2"
import { bytesToHex } from "@noble/hashes/utils"
import type { DigestHash } from "../../protocol/digest/challenge.js"

const hashes = { MD5: md5, "SHA-256": sha256, "SHA-512-256": sha512_256 }

export const portableHash: DigestHash = (algorithm, bytes) => bytesToHex(hashes[algorithm](bytes))
