// An agent that behaves as Open SWE does, as far as its client can see: it reads
// the task, changes a file on a branch of its own, pushes it, opens a pull
// request, and writes that into the thread's metadata. What it does is said by
// "behaviour=..." in the task.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateGraph, MessagesAnnotation, START, END } from "@langchain/langgraph";

const unescape = (text) =>
  text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;|&#x27;/g, "'").replace(/&amp;/g, "&");

const find = (task, pattern) => (task.match(pattern) ?? [])[1];

async function post(url, method, body) {
  const response = await fetch(url, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return response.json();
}

function push(branch, revision, file, content) {
  const dir = mkdtempSync(join(tmpdir(), "agent-"));
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=open-swe[bot]", "-c", "user.email=open-swe@example.com", ...args], { cwd: dir, stdio: "pipe" });
  git("clone", "--quiet", process.env.AGENT_REMOTE, ".");
  git("checkout", "--quiet", "-b", branch, revision);
  writeFileSync(join(dir, file), content);
  git("add", "--all");
  git("commit", "--quiet", "-m", "fix: find the price");
  git("push", "--quiet", "origin", branch);
  rmSync(dir, { recursive: true });
}

async function work(state, config) {
  const task = unescape(String(state.messages.at(-1).content));
  const behaviour = find(task, /behaviour=(\w+)/) ?? "fix";
  if (config.configurable?.source === undefined) throw new Error("missing source");
  if (behaviour === "fail") throw new Error("the sandbox is gone");
  if (behaviour === "slow" || behaviour === "called") await new Promise((resolve) => setTimeout(resolve, 1_500));
  if (behaviour === "hang") await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (behaviour === "decline") return { messages: [{ role: "assistant", content: "I could not reproduce it." }] };
  const branch = find(task, /named `([^`]+)`/);
  const revision = find(task, /Begin from revision `([0-9a-f]{40})`/);
  push(branch, revision, process.env.AGENT_FILE, process.env.AGENT_CONTENT);
  const body = "Fixes it.\n\n" + (behaviour === "silent" ? task.match(/Selfheal-Assignment: [^`\n]+/)[0] : "");
  const pull = await post(process.env.AGENT_FORGE + "/pulls", "POST", { head: branch, base: "main", title: "fix: the limit", body });
  if (behaviour !== "silent") {
    const thread = config.configurable.thread_id;
    await post(`${process.env.AGENT_SERVER}/threads/${thread}`, "PATCH", {
      metadata: {
        pr_url: pull.url, pr_number: pull.number, pr_state: "open",
        pull_requests: [{ repo_full_name: "octo-org/shop", number: pull.number, url: pull.url, state: "open", head_ref: branch, base_ref: "main" }],
      },
    });
  }
  return { messages: [{ role: "assistant", content: "Opened " + pull.url }] };
}

export const graph = new StateGraph(MessagesAnnotation).addNode("work", work).addEdge(START, "work").addEdge("work", END).compile();
