// Short high: sold or allowed. Double low: refused. One in the middle: look. Made here, so that nothing is loaded.

const TONES = {
  good: [[1568, 0, 0.09]],
  bad: [[220, 0, 0.16], [196, 0.22, 0.22]],
  look: [[587, 0, 0.2]],
};
const VOLUME = 0.4;
let context = null;

// Made before it is needed: the first one takes a tenth of a second.
export function prepare() {
  try {
    context ??= new AudioContext();
  } catch (error) {
    console.warn("no sound", error); // A till without loudspeakers sells all the same.
  }
}

export function play(name) {
  const tones = TONES[name];
  if (!tones) return;
  document.dispatchEvent(new CustomEvent("till:sound", { detail: name }));
  prepare();
  if (context === null) return;
  if (context.state === "suspended") context.resume();
  for (const [hertz, after_s, for_s] of tones) tone(hertz, context.currentTime + after_s, for_s);
}

function tone(hertz, at, for_s) {
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  oscillator.frequency.value = hertz;
  oscillator.type = "square";
  gain.gain.setValueAtTime(VOLUME, at);
  gain.gain.setTargetAtTime(0, at + for_s, 0.01); // Without it the end clicks.
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + for_s + 0.08);
}
