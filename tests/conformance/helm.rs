//! `helm lint --strict` by both versions, and what they must refuse.

use std::time::Instant;

use crate::corpus::{copy, corpus, fresh};
use crate::tools::{gate, in_parallel, run, tool};

#[test]
fn helm_lints_every_chart() {
    let corpus = corpus();
    let started = Instant::now();
    let all: Vec<_> = corpus.charts.values().flat_map(|chart| chart.environments.iter().map(move |env| (chart, env))).collect();
    let failures: Vec<String> = in_parallel(&all, |(chart, env)| {
        let values = format!("values-{env}.yaml");
        ["helm4/helm", "helm3/helm"]
            .iter()
            .map(|helm| (helm, run(&tool(helm), ["lint", "--strict", "--quiet", ".", "-f", &values], &chart.folder)))
            .filter(|(_, ran)| !ran.ok)
            .map(|(helm, ran)| format!("{helm} lint {} -f {values}: {}", chart.folder.display(), ran.said()))
            .collect::<Vec<_>>()
            .join("\n")
    })
    .into_iter()
    .filter(|f| !f.is_empty())
    .collect();
    gate("helm lint --strict (charts x environments x 2 versions)", all.len() * 2, started);
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn helm_refuses_bad_samples() {
    let corpus = corpus();
    let ours = corpus.cases.iter().flat_map(|c| &c.charts).find(|(path, _)| path.ends_with("backend")).expect("a project with a back end");
    let chart = &corpus.charts[ours.1];
    let env = chart.environments.first().unwrap();
    let folder = fresh("bad-chart");
    copy(&chart.folder, &folder);
    let values = format!("values-{env}.yaml");
    for helm in ["helm4/helm", "helm3/helm"] {
        let helm = tool(helm);
        assert!(run(&helm, ["template", "x", ".", "-f", &values], &folder).ok, "the sample is good before it is spoilt");
        let unknown = run(&helm, ["lint", "--strict", ".", "-f", &values, "--set", "cleInconnue=1"], &folder);
        assert!(!unknown.ok, "a key that values.schema.json does not know passed: {}", unknown.said());
        std::fs::write(folder.join("templates/zz-mauvais.yaml"), "a: {{ .Values.x | fonctionInconnue }}\n").unwrap();
        assert!(!run(&helm, ["lint", "--strict", ".", "-f", &values], &folder).ok, "an unknown template function passed lint");
        assert!(!run(&helm, ["template", "x", ".", "-f", &values], &folder).ok, "an unknown template function rendered");
        std::fs::remove_file(folder.join("templates/zz-mauvais.yaml")).unwrap();
    }
}
