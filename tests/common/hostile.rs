//! A repository whose paths, names and values try to leave the report that shows them.
#![allow(dead_code, clippy::unwrap_used, clippy::disallowed_methods, reason = "each test uses its part, and panics")]

use std::fs;
use std::path::Path;

/// Writes it.
pub fn write(folder: &Path) {
    let nested = folder.join("\"><script>alert(1)<").join("script>");
    fs::create_dir_all(&nested).unwrap();
    fs::create_dir_all(folder.join("app")).unwrap();
    fs::write(
        nested.join("x.yaml"),
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"'\\\"><img src=x onerror=alert(2)>\"}\n\
         data: {DB_PASSWORD: \"@all ![x](http://mal.example/p.png) </style></script><script>alert(3)</script> `rm` |a|\"}\n",
    )
    .unwrap();
    fs::write(folder.join("app/Dockerfile"), "FROM mal.example/\"><svg/onload=alert(4)>@all:latest\nUSER root\n").unwrap();
    fs::write(
        folder.join("app/deploiement.yaml"),
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"x\\u202e\\u001b[31m\\ufffe\"}\nspec: {template: {spec: \
         {containers: [{name: a, image: \"x:latest\"}], volumes: [{name: h, hostPath: {path: /}}]}}}\n",
    )
    .unwrap();
    fs::write(
        folder.join(".gitlab-ci-dso.yml"),
        "# mirai-kit: accepte dso-no-latest — essai \"><b>@all\njob:\n  image: x:latest\n  script: [\"true\"]\n",
    )
    .unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", folder.join("app/li&nk<b>")).unwrap();
}
