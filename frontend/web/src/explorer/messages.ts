/** Every sentence of the cube explorer. Other languages are tables of the same keys. */
import { catalogue, type Translated } from "../i18n/catalogue.ts";

const en = {
  "planes.label": "Three planes through the cube",
  "planes.xy": "Slice {at} of {count}, seen along z; a click goes there",
  "planes.xz": "Plane y = {at}, seen along y; a click goes there",
  "planes.yz": "Plane x = {at}, seen along x; a click goes there",
  "planes.slice": "slice",
  "planes.mask": "mask",
  "planes.patches": "doubtful patches",
  "planes.patchMap": "measured by",
  "planes.opacity": "mask’s strength",
  "planes.none": "Nothing was proposed for this cube yet.",
  "planes.sides": "The side views show the proposal, with what people had agreed on when it was made.",
  "patch.discriminator": "the discriminator: how unreal it looks",
  "patch.entropy": "the model: how undecided it is",
  "patch.other": "{name}",
  "patch.twin": "The most doubtful patches as a table",
  "patch.place": "y, x",
  "patch.value": "doubt",
  "patch.go": "Go to y {y}, x {x}",
  "objects.title": "Objects",
  "objects.none": "The objects of this cube were not listed yet. It takes a pass over the whole mask.",
  "objects.list": "List the objects",
  "objects.again": "List them anew",
  "objects.working": "The machine is listing them; the table appears by itself.",
  "objects.stale": "The mask has changed since this list was made.",
  "objects.count": { one: "1 object", other: "{count} objects" },
  "objects.sort": "Order",
  "objects.byVolume": "largest first",
  "objects.byDoubt": "most doubtful first",
  "objects.number": "Object",
  "objects.class": "Class",
  "objects.volume": "Volume",
  "objects.voxels": { one: "1 voxel", other: "{count} voxels" },
  "objects.centre": "Centre z, y, x",
  "objects.doubt": "Not there",
  "objects.doubtWhy": "How likely it is not there: 1 − the mean probability of its voxels.",
  "objects.go": "Show object {number}",
  "objects.more": "Show more ({shown} of {total})",
  "error.server": "The server answered with an error ({status}); try again.",
} as const;

export type Messages = Translated<typeof en>;

const { t, load } = catalogue(en, { de: () => import("./messages.de.ts") });
export { en as english, load as loadMessages, t };
