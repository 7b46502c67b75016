package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// settings says what to test, and with which images.
type settings struct {
	image        string // the launcher's
	handlerImage string // of the folder handler; "" for none
	launcherctl  string // the program
	parallel     int    // checks at once
	only         *regexp.Regexp
}

// readSettings reads the variables of "make e2e". The error has every problem.
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{image: getenv("LAUNCHER_IMAGE"), handlerImage: getenv("LAUNCHER_E2E_HANDLER_IMAGE"), parallel: 4}
	var errs []error
	if s.image == "" {
		errs = append(errs, errors.New("LAUNCHER_IMAGE is not set: give the launcher's image, as the cluster's nodes know it, such as launcher:0.1.0"))
	}
	for name, image := range map[string]string{"LAUNCHER_IMAGE": s.image, "LAUNCHER_E2E_HANDLER_IMAGE": s.handlerImage} {
		if err := checkImage(image); image != "" && err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	if text := getenv("LAUNCHER_E2E_PARALLEL"); text != "" {
		n, err := strconv.Atoi(text)
		if s.parallel = n; err != nil || n < 1 || n > 50 {
			errs = append(errs, fmt.Errorf("LAUNCHER_E2E_PARALLEL: %q is not a number from 1 to 50", text))
		}
	}
	only, err := regexp.Compile(getenv("LAUNCHER_E2E_ONLY"))
	if s.only = only; err != nil {
		errs = append(errs, fmt.Errorf("LAUNCHER_E2E_ONLY: %w", err))
	}
	if s.launcherctl = getenv("LAUNCHERCTL"); s.launcherctl == "" {
		s.launcherctl = "build/launcherctl"
	}
	if s.launcherctl, err = filepath.Abs(s.launcherctl); err != nil {
		errs = append(errs, err)
	}
	if _, err := os.Stat(s.launcherctl); err != nil {
		errs = append(errs, fmt.Errorf("the program launcherctl: %w: run make launcherctl", err))
	}
	return s, errors.Join(errs...)
}

// checkImage refuses an image that a node would pull each time: the imagePullPolicy of
// an image without a tag, and of latest, is Always.
func checkImage(image string) error {
	if strings.Contains(image, "@sha256:") {
		return nil
	}
	name := image[strings.LastIndexByte(image, '/')+1:]
	if _, tag, found := strings.Cut(name, ":"); !found || tag == "" || tag == "latest" {
		return fmt.Errorf("%q has no tag other than latest: nodes would pull it each time, and not use one that was loaded. Give it a tag, such as :0.1.0", image)
	}
	return nil
}
