// The page of one network.

import { t } from "./base.js";

document.querySelector("h1").title = t("One network");
