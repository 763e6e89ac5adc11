import "../ui/main.ts";
