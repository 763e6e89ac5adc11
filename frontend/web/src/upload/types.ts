/** What the calls that bring cubes and labels in take and give (cubes/api_*.py). */
export interface UploadState {
  id: string;
  filename: string;
  size: number;
  received: number;
  complete: boolean;
  piece: number;
}

/** One of upload, path and url. */
export interface Source {
  upload?: string;
  path?: string;
  url?: string;
  dataset?: string | null;
  axes?: string | null;
  channel?: number | null;
}

export interface Preview {
  name: string;
  question: string;
  datasets: string[];
  axes: string;
  shape: number[];
  dtype: string;
  channels: number;
  voxel_size: number[] | null;
  unit: string | null;
  low: number | null;
  high: number | null;
  thumbnail_z: number[];
  thumbnails: string[];
  ids: number[];
  id_count: number | null;
  ids_complete: boolean;
}

export interface LabelClass {
  value: number;
  name: string;
  color: string;
}
