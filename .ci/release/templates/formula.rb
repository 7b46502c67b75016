class {{.Class}} < Formula
  desc "{{.Description}}"
  homepage "{{.Homepage}}"
  version "{{.Version}}"
  license "Apache-2.0"
{{range .Assets}}{{if or (eq .OS "darwin") (and (eq .OS "linux") (or (eq .Arch "amd64") (eq .Arch "arm64")))}}
  on_{{if eq .OS "darwin"}}macos{{else}}linux{{end}} do
    on_{{if eq .Arch "amd64"}}intel{{else}}arm{{end}} do
      url "{{.URL}}"
      sha256 "{{.SHA256}}"
    end
  end
{{end}}{{end}}
  def install
    bin.install "{{.Program}}"
{{- if eq .Program "launcherctl"}}
    bin.install_symlink "launcherctl" => "kubectl-launcher"
{{- end}}
    man1.install "man/{{.Program}}.1"
    bash_completion.install "completions/{{.Program}}.bash" => "{{.Program}}"
    zsh_completion.install "completions/_{{.Program}}"
    fish_completion.install "completions/{{.Program}}.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/{{.Program}} version")
  end
end
