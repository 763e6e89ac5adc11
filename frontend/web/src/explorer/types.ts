/** The explorer's API (exchange/api_explorer.py), and what the page hands over. */
export interface CubeFacts {
  id: number;
  name: string;
  version: string;
  /** Voxels along z, y, x. */
  shape: [number, number, number];
  /** Lengths of a voxel along z, y, x. */
  voxel: [number, number, number];
  unit: string;
  classes: { value: number; name: string; color: string }[];
  instances: boolean;
}

export type Axis = "z" | "y" | "x";

export interface Place {
  z: number;
  y: number;
  x: number;
}

export interface Patches {
  name: string;
  names: string[];
  side: number;
  rows: number;
  columns: number;
  values: number[];
  top: number;
}

export interface CubeObject {
  number: number;
  value: number;
  volume: number;
  z: number;
  y: number;
  x: number;
  box: [number, number, number, number, number, number];
  doubt: number;
}

export type Sort = "volume" | "doubt";

export interface Objects {
  made: string | null;
  stale: boolean;
  error: string;
  count: number;
  items: CubeObject[];
  after: string;
}
