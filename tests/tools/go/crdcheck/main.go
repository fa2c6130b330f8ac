// Command crdcheck judges custom resources as an API server would: with the server's own packages
// (k8s.io/apiextensions-apiserver), against the CRD files of the operators.
//
// For every YAML document it refuses: duplicate keys, a kind or version that no given CRD serves, unknown
// fields (pruning with path tracking), schema violations, broken list sets and maps, and CEL rules that fail.
//
// Usage: crdcheck -crds DIR [-crds DIR]... [-only GROUP,GROUP] FILE...
// Objects of a group that is not in -only are passed over (counted as "passed_over"); without -only every object
// must have a CRD. Prints one JSON object; exit 0 when there is no error, 1 otherwise, 2 on wrong use.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

type finding struct {
	File    string `json:"file"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Message string `json:"message"`
}

type report struct {
	Examined   map[string]int `json:"examined"`
	PassedOver int            `json:"passed_over"`
	Errors     []finding      `json:"errors"`
}

type judge struct {
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
	cel        *cel.Validator
}

type listFlag []string

func (l *listFlag) String() string     { return strings.Join(*l, ",") }
func (l *listFlag) Set(v string) error { *l = append(*l, v); return nil }

func main() {
	var dirs listFlag
	flag.Var(&dirs, "crds", "folder of CRD files (repeatable)")
	only := flag.String("only", "", "groups to judge, separated by commas")
	flag.Parse()
	if len(dirs) == 0 || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	judges, err := load(dirs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crdcheck:", err)
		os.Exit(2)
	}
	groups := map[string]bool{}
	for _, g := range strings.Split(*only, ",") {
		if g != "" {
			groups[g] = true
		}
	}
	r := report{Examined: map[string]int{}, Errors: []finding{}}
	for _, f := range flag.Args() {
		if err := r.file(f, judges, groups); err != nil {
			r.Errors = append(r.Errors, finding{File: f, Message: err.Error()})
		}
	}
	out, err := json.Marshal(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crdcheck:", err)
		os.Exit(2)
	}
	fmt.Println(string(out))
	if len(r.Errors) > 0 {
		os.Exit(1)
	}
}

// load reads every CRD of the folders, keyed by "group/version/Kind". Two CRDs for one key is an error.
func load(dirs []string) (map[string]*judge, error) {
	judges := map[string]*judge{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no CRD file in %s: run `make tools`", dir)
		}
		sort.Strings(files)
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			if err := loadOne(raw, judges); err != nil {
				return nil, fmt.Errorf("%s: %w", f, err)
			}
		}
	}
	return judges, nil
}

func loadOne(raw []byte, judges map[string]*judge) error {
	v1 := apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(raw, &v1); err != nil {
		return err
	}
	if v1.Kind != "CustomResourceDefinition" {
		return nil // a kustomization or a comment-only file beside the CRDs
	}
	crd := apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&v1, &crd, nil); err != nil {
		return err
	}
	for _, version := range v1.Spec.Versions {
		if !version.Served {
			continue
		}
		key := v1.Spec.Group + "/" + version.Name + "/" + v1.Spec.Names.Kind
		if judges[key] != nil {
			return fmt.Errorf("%s is defined twice", key)
		}
		schema, err := apiextensions.GetSchemaForVersion(&crd, version.Name)
		if err != nil || schema == nil {
			return fmt.Errorf("%s: no schema: %v", key, err)
		}
		s, err := structuralschema.NewStructural(schema.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		sv, _, err := validation.NewSchemaValidator(schema.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		judges[key] = &judge{structural: s, schema: sv, cel: cel.NewValidator(s, true, celconfig.PerCallLimit)}
	}
	return nil
}

func (r *report) file(path string, judges map[string]*judge, groups map[string]bool) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		asJSON, err := yaml.YAMLToJSONStrict(doc)
		if err != nil {
			return err
		}
		var obj map[string]interface{}
		// The server's own decoder: whole numbers stay integers, as CEL rules expect.
		if err := utiljson.Unmarshal(asJSON, &obj); err != nil {
			return fmt.Errorf("not an object: %w", err)
		}
		if obj == nil {
			continue
		}
		r.object(path, obj, judges, groups)
	}
}

func (r *report) object(path string, obj map[string]interface{}, judges map[string]*judge, groups map[string]bool) {
	apiVersion, _ := obj["apiVersion"].(string)
	kind, _ := obj["kind"].(string)
	group, _, _ := strings.Cut(apiVersion, "/")
	if len(groups) > 0 && !groups[group] {
		r.PassedOver++
		return
	}
	meta, _ := obj["metadata"].(map[string]interface{})
	name, _ := meta["name"].(string)
	key := apiVersion + "/" + kind
	fail := func(message string) {
		r.Errors = append(r.Errors, finding{File: path, Kind: key, Name: name, Message: message})
	}
	j := judges[key]
	if j == nil {
		fail("no CRD serves this kind in this version")
		return
	}
	r.Examined[key]++
	// The server drops nulls and sets defaults before it validates.
	defaulting.PruneNonNullableNullsWithoutDefaults(obj, j.structural)
	unknown := pruning.PruneWithOptions(obj, j.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, p := range unknown {
		fail("unknown field " + p)
	}
	defaulting.Default(obj, j.structural)
	found := validation.ValidateCustomResource(nil, obj, j.schema)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, j.structural, obj)...)
	if len(found) == 0 && j.cel != nil {
		var fromCEL field.ErrorList
		fromCEL, _ = j.cel.Validate(context.Background(), nil, j.structural, obj, nil, celconfig.RuntimeCELCostBudget)
		found = append(found, fromCEL...)
	}
	for _, e := range found {
		fail(e.Error())
	}
}
