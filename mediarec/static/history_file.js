// Reads a viewing history, ratings or a list of titles in the browser. Files of Netflix,
// Letterboxd, IMDb, Trakt and Prime Video are tables or JSON; any other text is a list with a title
// per line.

const TITLE_COLUMNS = ["title", "name", "titel", "title name", "film", "movie"];
const SHOW_COLUMNS = ["show", "series", "tv show name", "tv_show_name", "show title"];
const ORIGINAL_COLUMNS = ["original title", "original name"];
const YEAR_COLUMNS = ["year", "jahr", "release year"];
const RATING_COLUMNS = ["your rating", "rating", "stars", "my rating", "score"];
const DATE_COLUMNS = [
  ...["watched date", "watched_at", "date watched", "start time", "date rated", "rated_at", "date"],
  ...["datum", "datum angesehen", "playback start datetime (utc)", "most recent watch date"],
  ...["watcheddate", "seen on", "listed_at", "created"],
];
const TYPE_COLUMNS = ["type", "typ", "title type", "media_type"];
const EXTRA_COLUMNS = ["supplemental video type"]; // of a trailer
const STATUS_COLUMNS = ["status", "watchlist", "my_status"];
const NOT_WATCHED = /^(plan ?to ?watch|dropped)/i;
const TABLE_SEPARATORS = [",", ";", "\t", "|"];
const SERIES_TYPES = /series|serie|show|episode|tv/i;
const SEASON =
  /^(season|staffel|saison|temporada|series|stagione|part|teil|volume|limited series)\b/i;
const SEASON_ENDING = /[\s:,-]+(season|staffel|saison|temporada|stagione)\s+\d+.*$/i;
const YEAR_ENDING = /\s*\((\d{4})(?:[–-]\d{0,4})?\)\s*$/;
const DAY_MS = 86_400_000;

// Return the text of a file: UTF-8 or UTF-16, otherwise as Windows writes it.
export function decodeHistory(buffer) {
  const bytes = new Uint8Array(buffer);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// Return the rows of a table. A value in quotes may hold separators, line breaks and doubled
// quotes.
export function parseTable(text, separator) {
  const rows = [[]];
  let value = "";
  let isQuoted = false;
  const endValue = () => {
    rows.at(-1).push(value.trim());
    value = "";
  };
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (isQuoted) {
      if (letter !== '"') value += letter;
      else if (text[i + 1] === '"') {
        value += '"';
        i++;
      } else isQuoted = false;
    } else if (letter === '"' && !value.trim()) {
      isQuoted = true;
      value = "";
    } else if (letter === separator) endValue();
    else if (letter === "\n") {
      endValue();
      rows.push([]);
    } else if (letter !== "\r") value += letter;
  }
  endValue();
  return rows.filter((row) => row.some(Boolean));
}

// Return the position of the first of some columns in a header, or -1.
function findColumn(header, names) {
  return names.map((name) => header.indexOf(name)).find((position) => position >= 0) ?? -1;
}

// Return the time of a date in milliseconds, or null. A date with slashes begins with the month.
export function parseDate(text) {
  if (!text) return null;
  const parts = /^(\d{1,2})([./])(\d{1,2})[./](\d{2,4})/.exec(text);
  if (!parts) {
    const time = Date.parse(text);
    return Number.isNaN(time) ? null : time;
  }
  let [month, day] = [Number(parts[1]), Number(parts[3])];
  if (parts[2] === "." || month > 12) [month, day] = [day, month];
  const year = Number(parts[4]) + (parts[4].length === 2 ? 2000 : 0);
  return Date.UTC(year, month - 1, day);
}

// Return a rating as a number, or null: "4.5", "4,5", "8/10" or "★★★★½".
function parseRating(text) {
  const stars = (text.match(/★/g) ?? []).length;
  if (stars || text === "½") return stars + (text.includes("½") ? 0.5 : 0);
  const [value, scale] = text.replace(",", ".").split("/").map(Number);
  if (!text || !Number.isFinite(value)) return null;
  return scale ? (value / scale) * 10 : value;
}

// Return a name without its year, and the year.
function splitYear(name) {
  const year = Number(YEAR_ENDING.exec(name)?.[1]) || null;
  return { name: name.replace(YEAR_ENDING, "").trim(), year };
}

// Return the names that a text may stand for, the longest first: the name of an episode, such as
// "Dark: Season 1: Secrets", begins with the series.
export function possibleNames(text) {
  const { name } = splitYear(text);
  const names = [text, name, name.replace(/\s*\[[^\]]*\]\s*$/, "")];
  names.push(name.replace(/^\d+[.)]\s+/, ""), name.replace(SEASON_ENDING, ""));
  for (const separator of [": ", " - ", " – "]) {
    const parts = name.split(separator);
    for (let n = parts.length - 1; n > 0; n--) names.push(parts.slice(0, n).join(separator));
  }
  return [...new Set(names.map((part) => part.trim()).filter(Boolean))];
}

// Return whether a text is the name of an episode: it has a season, or at least three parts.
function isEpisodeName(text) {
  const parts = text.split(": ");
  return parts.length > 2 || parts.slice(1).some((part) => SEASON.test(part));
}

// Return the entries of a table, or null if its header names no column with titles.
function readTable(rows) {
  const start = rows.findIndex((row) => {
    const names = row.map((name) => name.toLowerCase());
    return findColumn(names, [...TITLE_COLUMNS, ...SHOW_COLUMNS]) >= 0;
  });
  if (start < 0 || start > 4) return null; // a list of Letterboxd has lines above its table
  // of two tables in one file the last one has the titles
  const isHeader = (row) => row.some((name) => name.toLowerCase() === "position");
  const second = rows.findIndex((row, i) => i > start && i < start + 5 && isHeader(row));
  const first = second > 0 ? second : start;
  const header = rows[first].map((name) => name.toLowerCase());
  const columns = {
    title: findColumn(header, TITLE_COLUMNS),
    show: findColumn(header, SHOW_COLUMNS),
    original: findColumn(header, ORIGINAL_COLUMNS),
    year: findColumn(header, YEAR_COLUMNS),
    rating: findColumn(header, RATING_COLUMNS),
    date: findColumn(header, DATE_COLUMNS),
    type: findColumn(header, TYPE_COLUMNS),
    extra: findColumn(header, EXTRA_COLUMNS),
    status: findColumn(header, STATUS_COLUMNS),
  };
  const entries = [];
  for (const row of rows.slice(first + 1)) {
    const valueOf = (name) => row[columns[name]] ?? "";
    const name = valueOf("show") || valueOf("title");
    if (!name || valueOf("extra") || NOT_WATCHED.test(valueOf("status"))) continue;
    const isSeries = Boolean(valueOf("show")) || SERIES_TYPES.test(valueOf("type"));
    entries.push({
      name,
      original: valueOf("original"),
      year: parseInt(valueOf("year"), 10) || null,
      time: parseDate(valueOf("date")),
      rating: parseRating(valueOf("rating")),
      isSeries: isSeries || isEpisodeName(name),
    });
  }
  return entries;
}

// Return the entries of a JSON list of titles, films, series and episodes.
function readJson(data) {
  const lists = [data, data?.data, data?.response?.data?.data, data?.items].filter(Array.isArray);
  return (lists[0] ?? []).flatMap((item) => {
    if (typeof item === "string") return [{ ...splitYear(item), time: null, rating: null }];
    const work = item?.show ?? item?.movie ?? item;
    const name = item?.grandparent_title || work?.title || work?.name;
    if (typeof name !== "string") return [];
    const date = item.watched_at ?? item.rated_at ?? item.listed_at ?? "";
    const isSeries = Boolean(item.show ?? item.episode ?? item.grandparent_title);
    const time = typeof item.date === "number" ? item.date * 1000 : parseDate(String(date));
    const rating = parseRating(String(item.rating ?? ""));
    return [{ name, year: Number(work.year) || null, time, rating, isSeries }];
  });
}

// Return the entries of a list with one title per line.
function readLines(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const titles = lines.filter((line) => line && !line.startsWith("#"));
  return titles.map((line) => {
    const { year } = splitYear(line);
    return { name: line, year, time: null, rating: null, isSeries: isEpisodeName(line) };
  });
}

// Return the entries of a history: name, year, time, rating and isSeries. `text` is the text of the
// file. Throws an error with a sentence for the reader.
export function readHistory(text) {
  const clean = text.replace(/^\ufeff/, "").trim();
  if (!clean) throw new Error("This file is empty.");
  if (clean.startsWith("<")) throw new Error("This page reads tables, lists and JSON, not XML.");
  if (clean.includes("\u0000")) throw new Error("This is not a text file.");
  if (/^[[{]/.test(clean)) {
    let data;
    try {
      data = JSON.parse(clean);
    } catch {
      throw new Error("This file looks like JSON, but it cannot be read.");
    }
    return readJson(data);
  }
  const [firstLine] = clean.split("\n", 1);
  const lines = clean.split("\n", 6).join("\n");
  const count = (separator) => lines.split(separator).length;
  const [separator] = [...TABLE_SEPARATORS].sort((a, b) => count(b) - count(a));
  const entries = readTable(parseTable(clean, separator));
  if (entries) return entries;
  if (TABLE_SEPARATORS.slice(1).some((letter) => firstLine.split(letter).length > 2)) {
    throw new Error("No column of this file is called Title or Name.");
  }
  const isTable = lines.split("\n").slice(0, 3).every((line) => line.split(",").length > 3);
  if (isTable) throw new Error("No column of this file is called Title or Name.");
  return readLines(clean);
}

// Return a weight for the time of an entry: 1.5 for the newest day of a file, near 1 for old ones.
export function recency(time, newest) {
  if (time === null || newest === null) return 1;
  return 1 + 0.5 * 0.5 ** ((newest - time) / (180 * DAY_MS));
}
