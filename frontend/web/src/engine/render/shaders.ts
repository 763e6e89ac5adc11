/** The GLSL of the WebGL2 renderer; compositor.ts says the same in TypeScript, and is the judge. */

export const IMAGE_VERTEX = `#version 300 es
uniform vec4 box;
uniform vec2 canvas;
out vec2 uv;
void main() {
  uv = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 at = mix(box.xy, box.zw, uv) / canvas;
  gl_Position = vec4(2.0 * at.x - 1.0, 1.0 - 2.0 * at.y, 0.0, 1.0);
}`;

export const IMAGE_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D tile;
uniform vec2 window;
in vec2 uv;
out vec4 color;
void main() {
  float value = texture(tile, uv).r * 255.0;
  color = vec4(vec3(clamp((value - window.x) / window.y, 0.0, 1.0)), 1.0);
}`;

export const MARKS_VERTEX = `#version 300 es
void main() {
  vec2 at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(2.0 * at - 1.0, 0.0, 1.0);
}`;

/** Writes colour premultiplied by alpha; blending puts it over the image. */
export const MARKS_FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D mine;
uniform usampler2D machine;
uniform sampler2D palette;
uniform vec2 corner;
uniform vec2 pixel;
uniform vec2 origin;
uniform vec4 region;
uniform float canvasHeight;
uniform float line;
uniform float dash;
uniform float opacity;
uniform float halo;
uniform float outside;
uniform vec3 machineColor;
uniform uint unsure;
uniform bool showMine;
uniform bool showMachine;
out vec4 color;

ivec2 place(vec2 at) {
  ivec2 low = ivec2(region.xy);
  ivec2 high = ivec2(region.zw) - 1;
  return clamp(ivec2(floor(corner + at * pixel)), low, high) - low;
}

struct Edge { uint label; bool differs; bool greater; bool vertical; };

Edge look(usampler2D layer, vec2 at) {
  uint label = texelFetch(layer, place(at), 0).r;
  uint left = texelFetch(layer, place(at - vec2(line, 0.0)), 0).r;
  uint right = texelFetch(layer, place(at + vec2(line, 0.0)), 0).r;
  uint above = texelFetch(layer, place(at - vec2(0.0, line)), 0).r;
  uint below = texelFetch(layer, place(at + vec2(0.0, line)), 0).r;
  bool vertical = above != label || below != label;
  bool differs = vertical || left != label || right != label;
  bool greater = left > label || right > label || above > label || below > label;
  return Edge(label, differs, greater, vertical);
}

vec3 colorOf(uint label) {
  uint entry = label == unsure ? 255u : label < 255u ? label : 1u + (label - 1u) % 252u;
  return texelFetch(palette, ivec2(int(entry), 0), 0).rgb;
}

void main() {
  vec2 at = vec2(gl_FragCoord.x, canvasHeight - gl_FragCoord.y);
  vec2 p = floor(corner + at * pixel);
  if (any(lessThan(p, region.xy)) || any(greaterThanEqual(p, region.zw))) {
    color = vec4(vec3(0.0), 1.0 - outside);
    return;
  }
  color = vec4(0.0);
  if (showMine) {
    Edge edge = look(mine, at);
    if (edge.label != 0u) {
      float alpha = opacity;
      if (edge.label == unsure && mod(floor(at.x) + floor(at.y), 2.0 * dash) >= dash) alpha = 0.0;
      if (edge.differs) alpha = 1.0;
      color = vec4(colorOf(edge.label) * alpha, alpha);
    } else if (edge.greater) {
      color = vec4(vec3(0.0), halo);
    }
  }
  if (showMachine) {
    Edge edge = look(machine, at);
    if (edge.greater) {
      vec2 along = at - origin;
      bool on = mod(edge.vertical ? along.x : along.y, 2.0 * dash) < 1.2 * dash;
      vec4 over = on ? vec4(machineColor, 1.0) : vec4(vec3(0.0), halo);
      color = over + color * (1.0 - over.a);
    }
  }
}`;
