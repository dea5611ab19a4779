// What only the browser can do: language of the document, address bar, keys, clipboard.
const OWN_TYPES = ["page", "reset", "help", "address", "copied"]

function typed_into(event) {
  // Through shadow roots: the first target of the path is the real one.
  const target = event.composedPath()[0]
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)
}

export function render({model}) {
  const set_language = () => {
    document.documentElement.lang = model.lang === "zh" ? "zh-CN" : "en"
  }
  set_language()
  model.on("lang", set_language)

  // Browsers allow a limited number of history calls a second: join those of a drag.
  let timer = null
  const write_address = () => {
    timer = null
    const url = window.location.pathname + model.query + window.location.hash
    if (model.query === window.location.search) return
    window.history[model.step ? "pushState" : "replaceState"]({}, "", url)
  }
  model.on("query", () => {
    if (timer === null) timer = setTimeout(write_address, 120)
  })
  if (model.query) write_address()

  const tell = (type, value = null) => {
    if (OWN_TYPES.includes(type)) model.send_msg({type, value})
  }
  const on_history = () => tell("address", window.location.search)
  window.addEventListener("popstate", on_history)

  const pages = model.pages
  const on_key = (event) => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return
    if (typed_into(event)) return
    const number = Number.parseInt(event.key, 10)
    if (number >= 1 && number <= pages.length) tell("page", pages[number - 1])
    else if (event.key === "?") tell("help")
    else if (event.key === "O" && event.shiftKey) tell("reset")
  }
  document.addEventListener("keydown", on_key)

  const copy = async () => {
    if (timer !== null) { clearTimeout(timer); write_address() }
    const text = window.location.origin + window.location.pathname + model.query
    let done = false
    try {
      await navigator.clipboard.writeText(text)
      done = true
    } catch {
      // Without https browsers hide the clipboard; the old way still works there.
      const area = document.createElement("textarea")
      area.value = text
      document.body.append(area)
      area.select()
      done = document.execCommand("copy")
      area.remove()
    }
    tell("copied", done)
  }
  model.on("msg:custom", (message) => {
    if (message.type === "copy") copy()
  })
  model.on("remove", () => {
    window.removeEventListener("popstate", on_history)
    document.removeEventListener("keydown", on_key)
  })
}
