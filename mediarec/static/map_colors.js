// The colors of the map: one of twelve hues for each group, for light and dark pages.
export const POINT_COLORS = {
  light: ["#e26272", "#bd4d00", "#c2840f", "#7f770a", "#64a737", "#088963"].concat(
    ["#05a7a7", "#0a80a2", "#4693f1", "#6e62cd", "#b670d5", "#b2468a"],
  ),
  dark: ["#ff939c", "#e27641", "#efa831", "#a69c0c", "#8ccc66", "#07b382"].concat(
    ["#1ad1d1", "#12a8d2", "#87bafd", "#9088f0", "#db98f9", "#d76fad"],
  ),
};
export const TEXT_COLORS = {
  light: ["#8f2639", "#873603", "#704a02", "#5a5503", "#306101", "#016246"].concat(
    ["#005f5f", "#005c75", "#07519d", "#4d429b", "#6f3486", "#842a64"],
  ),
  dark: ["#fec8ca", "#fecbb4", "#fbd094", "#e0db95", "#bee5aa", "#9eebc9"].concat(
    ["#8cebea", "#9fe3fe", "#bedafe", "#d3d3fd", "#edc7ff", "#fec3e3"],
  ),
};
export const NOISE_COLORS = { light: "#a9a9b2", dark: "#5d5d68" };

// Return the index of the color of each group. Groups that are neighbors on the map, seen from
// its center, have neighboring colors.
export function assignColors(groups, { x, y }) {
  const angle = (group) => Math.atan2(groups[group].y - y, groups[group].x - x);
  const order = groups.map((_, group) => group).sort((a, b) => angle(a) - angle(b));
  const colors = [];
  const step = POINT_COLORS.light.length / Math.max(groups.length, 1);
  order.forEach((group, rank) => {
    colors[group] = Math.floor(rank * Math.max(step, 1)) % POINT_COLORS.light.length;
  });
  return colors;
}

// Return a color that is mixed with another one.
export function mixColors(color, other, share) {
  const channel = (text, i) => parseInt(text.slice(2 * i + 1, 2 * i + 3), 16);
  const mixed = [0, 1, 2].map((i) =>
    Math.round(channel(color, i) * (1 - share) + channel(other, i) * share),
  );
  return `rgb(${mixed.join(" ")})`;
}

// Return "dark" if the text of an element is light, otherwise "light".
export function findTheme(element) {
  const channels = getComputedStyle(element).color.match(/[\d.]+/g) ?? [0, 0, 0];
  const sum = channels.slice(0, 3).reduce((total, channel) => total + Number(channel), 0);
  return sum > 384 ? "dark" : "light";
}
