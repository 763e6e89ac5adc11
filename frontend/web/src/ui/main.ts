/** The design language for server-rendered pages: importing this entry is all that a template does. */
import "@fontsource-variable/inter/wght.css";
import "./tokens.css";
import "./base.css";
