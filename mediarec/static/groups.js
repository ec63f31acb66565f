// The list of groups. A group opens into its clusters, and a cluster into its titles.
// Shared by the widget and the static page.
import { createElement, createDataElement, createButton, pluralize } from "./dom.js";

// Return the size of a group, such as "491 titles in 5 clusters".
function groupCount(group) {
  return `${pluralize(group.size, "title")} in ${pluralize(group.clusters.length, "cluster")}`;
}

// Create the line below a name: the number of titles, and the known titles.
function createFactsLine(count, knownTitles) {
  const line = createElement("span", "group-facts", `${count} · `);
  line.append(createDataElement("span", null, knownTitles));
  return line;
}

// Create the entry of one cluster. `onOpen(clusterId)` shows its titles.
function createClusterEntry(cluster, onOpen, tag = "li") {
  const open = () => onOpen(cluster.cluster_id);
  const button = createButton(cluster.name, open, "cluster-name");
  button.dir = "auto";
  const entry = createElement(tag, "cluster");
  entry.append(button, createFactsLine(pluralize(cluster.size, "title"), cluster.known_titles));
  return entry;
}

// Create the entry of one group: a summary that opens into the clusters of the group.
// `openGroups` is the set of the open groups; it follows what the user opens and closes.
function createGroupEntry(group, onOpen, openGroups) {
  const clusters = createElement("ul", "clusters");
  clusters.append(...group.clusters.map((cluster) => createClusterEntry(cluster, onOpen)));
  const summary = createElement("summary", "group-summary");
  summary.append(
    createDataElement("span", "group-name", group.name),
    createFactsLine(groupCount(group), group.known_titles),
  );
  const details = createElement("details", "group-details");
  details.open = openGroups.has(group.group);
  details.append(summary, clusters);
  details.addEventListener("toggle", () => {
    if (details.open) openGroups.add(group.group);
    else openGroups.delete(group.group);
  });
  return details;
}

// Create the line that names the group of an open cluster.
export function createBreadcrumb(cluster) {
  return createDataElement("p", "breadcrumb", `Group: ${cluster.group_name}`);
}

// Create the list of groups. A group of one cluster is shown as this cluster.
export function createGroupList(groups, onOpen, openGroups) {
  const list = createElement("ul", "groups");
  for (const group of groups) {
    const item = createElement("li", "group");
    const [cluster, ...others] = group.clusters;
    if (others.length) item.append(createGroupEntry(group, onOpen, openGroups));
    else item.append(createClusterEntry(cluster, onOpen, "div"));
    list.append(item);
  }
  return list;
}
