// Answers the pages of a population and a stream in a folder with runs that were recorded (recording.py).

import { facts, readFrame } from "./base.js";

async function framesOf(name) {
  const text = facts.recorded[name] ?? Object.values(facts.recorded)[0];
  const packed = new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]).stream();
  const buffer = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const frames = [];
  for (let at = 0; at < buffer.byteLength; ) {
    const size = new DataView(buffer).getUint32(at, true);
    frames.push(readFrame(buffer.slice(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return frames;
}

async function begin(name) {
  const frames = await framesOf(name);
  return { ...frames[0], run: { frames, at: 0, asked: 0 } };
}

globalThis.madalineAnswers = {
  "/race/start": ({ data }) => begin(data),
  "/race/next": ({ run }) => run.frames[(run.at += 1)],
  "/stream/start": () => begin("world"),
  // Frames have some rows each: where fewer are asked for, the latest frame waits.
  "/stream/next"({ run, rows }) {
    run.asked += rows;
    const due = Math.max(1, Math.floor(run.asked / run.frames[1].row));
    const since = run.at + 1;
    run.at = Math.min(due, run.frames.length - 1);
    const events = run.frames.slice(since, run.at + 1).flatMap((frame) => frame.events);
    return { ...run.frames[run.at], events };
  },
  "/stream/code": ({ run }) => ({ code: run.frames[run.at].python ?? "" }),
};
