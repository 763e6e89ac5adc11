/** Every server-rendered page: the styles, and the few behaviours that plain HTML lacks. */
import "../ui/main.ts";
import "./common.css";
import "./landing.css";
import "./study.css";
import "./desks.css";
import "./forms.css";
import "./people.css";
import { copyButtons, localTimes } from "./behaviours.ts";
import { stepForms } from "./steps.ts";

copyButtons(document);
localTimes(document);
stepForms(document);
for (const figure of document.querySelectorAll<HTMLElement>("figure[data-body]")) {
  void import("./body/figure.ts").then(({ showBody }) => showBody(figure));
}
