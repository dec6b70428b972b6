// SPDX-License-Identifier: Apache-2.0
// The tools, and the keys that everything has. One list: buttons, help and keyboard come from it.

export type Tool = "select" | "remove" | "add" | "edit" | "split" | "area";

export const TOOLS: readonly { tool: Tool; key: string; name: string; hint: string }[] = [
  { tool: "select", key: "V", name: "Select", hint: "Click a capillary to select it, Shift-click for more, Shift-drag for all in an area. Drag moves the picture." },
  { tool: "remove", key: "R", name: "Remove", hint: "Click a wrong outline: it goes. Drag over an area: all in it go." },
  { tool: "add", key: "A", name: "Add", hint: "Click a dashed refused proposal to accept it. Elsewhere, click point after point around a capillary; Enter or a click on the first point ends it." },
  { tool: "edit", key: "E", name: "Edit outline", hint: "Click a capillary, then drag its points. Click its line for a new point, Alt-click a point to take it away." },
  { tool: "split", key: "S", name: "Split", hint: "Drag a line right across a capillary: it becomes two." },
  { tool: "area", key: "X", name: "Exclude area", hint: "Drag over the part of the picture that must not count, and say why." },
];

export const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["Ctrl+Z, Ctrl+Y", "undo, redo: without end, also after closing the page"],
  ["J, K", "next and previous frame of the list"],
  ["N, P", "select the next or previous capillary (with Add: the next refused proposal)"],
  ["Delete", "remove what is selected"],
  ["M", "merge what is selected"],
  ["B", "mark what is selected as ambiguous, or take the mark away"],
  ["F", "exclude the frame or clip with a reason, or include it"],
  ["T", "write a note"],
  ["C", "show or hide refused proposals"],
  ["O", "show or hide outlines"],
  ["G", "vessel contrast on or off"],
  ["Arrow keys", "move the cross in the picture (Shift: by one pixel)"],
  ["Space", "click at the cross; for a line or an area: Space at its start and again at its end"],
  ["Enter", "end a drawn outline; with a selected proposal: add it"],
  ["+, \u2212, 0", "zoom in, zoom out, whole picture"],
  ["Escape", "give up what was begun; select nothing"],
  ["?", "this help"],
];
