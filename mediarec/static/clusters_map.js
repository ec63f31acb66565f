// The map on the page of a clustering. Without this script, the page is a list of clusters.
import { createMap, decodeMap } from "./map.js";

// Draw the map into `root`. The address of its data and of the clusters are in the page.
async function start(root) {
  const answer = await fetch(root.dataset.map);
  if (!answer.ok) return;
  const data = decodeMap(await answer.json());
  const map = createMap({
    label: "Map of the catalog; the groups are listed below it",
    onTitle: (row) => location.assign(`/?${new URLSearchParams({ id: data.ids[row] })}`),
    onSelect: (clusterId) => location.assign(`${root.dataset.clusters}/${clusterId}`),
    onGroup: (group) => {
      const details = document.getElementById(`group-${group}`);
      if (details?.tagName === "DETAILS") details.open = true;
    },
  });
  root.append(map.element);
  root.hidden = false;
  map.load(data);
  map.show(data);
  root.dataset.ready = "";
}

const root = document.querySelector("[data-map]");
if (root) start(root);
