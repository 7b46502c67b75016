package exposure

import (
	"net/url"
	"path/filepath"
	"slices"
)

// The parts of SARIF 2.1.0 that a report needs.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifText    `json:"shortDescription"`
		Help             sarifText    `json:"help"`
		Default          sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level Severity `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     Severity        `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// SARIF returns the findings as a log of SARIF 2.1.0, for encoding/json.
func (r *Report) SARIF(version string) any {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "launcherctl check", Version: version}
	for _, each := range rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{each.ID, sarifText{each.Summary}, sarifText{each.Advice}, sarifDefault{each.Severity}})
	}
	for _, o := range r.Objects {
		for _, f := range o.Findings {
			run.Results = append(run.Results, sarifResult{
				RuleID: f.Rule, RuleIndex: slices.IndexFunc(rules, func(r rule) bool { return r.ID == f.Rule }),
				Level: f.Severity, Message: sarifText{o.Name + ": " + f.Message + ". Advice: " + f.Advice + "."}, Locations: []sarifLocation{o.location(f)},
			})
		}
	}
	return sarifLog{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []sarifRun{run}}
}

// location returns the place of a finding. An object that is in no file has only a
// name.
func (o Object) location(f Finding) sarifLocation {
	l := sarifLocation{Logical: []sarifLogical{{o.Name, "resource"}}}
	if o.path == "" {
		return l
	}
	uri := url.URL{Path: filepath.ToSlash(o.path)}
	if filepath.IsAbs(o.path) {
		uri.Scheme = "file"
	}
	l.Physical = &sarifPhysical{}
	l.Physical.Artifact.URI = uri.String()
	if f.Line > 0 {
		l.Physical.Region = &sarifRegion{f.Line, f.Column}
	}
	return l
}
