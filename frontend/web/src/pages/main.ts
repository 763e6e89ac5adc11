/** Every server-rendered page: the styles, and the few behaviours that plain HTML lacks. */
import "../ui/main.ts";
import "./pages.css";
import { copyButtons, localTimes } from "./behaviours.ts";

copyButtons(document);
localTimes(document);
