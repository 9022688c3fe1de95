/** nginx as the server, when the PATH has one: a single process with a configuration of its own. */
import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { closeSync, mkdirSync, openSync, truncateSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import type { Served } from "./node-server.js"

/** Distributions put it where only the superuser's PATH looks. */
const env = { ...process.env, PATH: [process.env["PATH"], "/usr/sbin", "/usr/local/sbin"].join(delimiter) }

/** Such as `nginx/1.22.1`, or undefined where it is not installed. */
export const nginxVersion = (): string | undefined => {
  const { stderr } = spawnSync("nginx", ["-v"], { env, encoding: "utf8" })
  return /nginx\/[\d.]+/.exec(stderr ?? "")?.[0]
}

export const spawnNginx = (folder: string, served: Served): ChildProcess => {
  const { certificate, gzip, json, port, securePort, sizes } = served
  const prefix = join(folder, `nginx-${port}`)
  const files = join(prefix, "files")
  mkdirSync(files, { recursive: true })
  for (const [path, size] of Object.entries(sizes)) writeSparse(join(files, path), size)
  if (gzip !== undefined) writeFileSync(join(files, "gzip"), Buffer.from(gzip, "base64"))
  const config = join(prefix, "nginx.conf")
  writeFileSync(join(prefix, "cert.pem"), certificate.cert)
  writeFileSync(join(prefix, "key.pem"), certificate.key)
  writeFileSync(config, configuration(files, prefix, port, securePort, json))
  return spawn("nginx", ["-p", prefix, "-c", config, "-e", join(prefix, "error.log")], {
    env,
    stdio: ["ignore", "ignore", "pipe"]
  })
}

/** A file of zeros that takes no room on the disk. */
const writeSparse = (file: string, size: number): void => {
  closeSync(openSync(file, "w"))
  truncateSync(file, size)
}

/** Without a master the process that was started is the one that serves, and stopping it leaves none behind. */
const configuration = (files: string, prefix: string, port: number, securePort: number, json: string): string => `
daemon off;
master_process off;
worker_processes 1;
pid ${quote(join(prefix, "nginx.pid"))};
events {
  worker_connections 1024;
}
http {
  access_log off;
  sendfile on;
  keepalive_timeout 3600s;
  keepalive_requests 1000000000;
  default_type application/octet-stream;
  client_body_temp_path ${quote(join(prefix, "body"))};
  proxy_temp_path ${quote(join(prefix, "proxy"))};
  fastcgi_temp_path ${quote(join(prefix, "fastcgi"))};
  uwsgi_temp_path ${quote(join(prefix, "uwsgi"))};
  scgi_temp_path ${quote(join(prefix, "scgi"))};
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${securePort} ssl http2;
    ssl_certificate ${quote(join(prefix, "cert.pem"))};
    ssl_certificate_key ${quote(join(prefix, "key.pem"))};
    http2_max_concurrent_streams 256;
    root ${quote(files)};
    location = /json {
      default_type application/json;
      return 200 ${quote(json)};
    }
    location = /gzip {
      default_type application/json;
      add_header Content-Encoding gzip;
    }
  }
}
`

const quote = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`
