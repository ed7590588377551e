// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Hinomi authors
import { render } from "preact";
import "./style/tokens.css";
import "./style/base.css";
import "./style/components.css";
import "./style/pages.css";
import { App } from "./shell/app";
import { begin } from "./session";
import { applyPreferences } from "./preferences";

applyPreferences();
void begin();
const root = document.getElementById("console");
if (root) render(<App />, root);
