-- From Markdown to the book: figures, cross-references, boxes, measured values, index of commands.
--
--   ![Pie](diagramas/camino.d2){#fig-camino width=80%}   a diagram; graficas/NAME.svg a plot from data
--   with the class .aqui the figure does not float
--   [](#fig-camino)                                      "Figura 3", a link; also for chapters and sections
--   ::: nota … :::   ::: aviso … :::   ::: consejo … :::  boxes
--   ::: {.si-hay archivos="data/bench.json"} … :::       kept only if every file is there; also on [spans]
--   [ratios.x]{.dato archivo="data/bench.json" decimales=1}   a measured number, as the reader's language writes it

local root = pandoc.path.directory(PANDOC_SCRIPT_FILE)
local boxes = { nota = "Nota", aviso = "Atención", consejo = "Consejo" }

local function exists(path)
  local file = io.open(pandoc.path.join({ root, path }))
  if file then file:close() end
  return file ~= nil
end

local loaded = {}
local function data(path)
  if not loaded[path] then
    local file = assert(io.open(pandoc.path.join({ root, path })), path .. " is missing")
    loaded[path] = pandoc.json.decode(file:read("a"), false)
    file:close()
  end
  return loaded[path]
end

-- Where a figure's file is, by the name under which the text calls it.
local function figure_file(src)
  local stem = src:match("^diagramas/(.+)%.d2$") or src:match("^graficas/(.+)%.svg$")
  if stem then return "build/figuras/" .. stem .. ".svg" end
  return src
end

-- 1234567.891 → "1 234 567,9" with a narrow no-break space, as Spanish writes numbers.
local function spanish(number, decimals)
  local text = string.format("%." .. decimals .. "f", number)
  local sign, whole, rest = text:match("^(-?)(%d+)%.?(%d*)$")
  if #whole > 4 then
    whole = whole:reverse():gsub("(%d%d%d)", "%1 "):reverse():gsub("^ ", ""):gsub(" ", "\u{202f}")
  end
  return sign .. whole .. (rest ~= "" and "," .. rest or "")
end

local function typst_string(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"'
end

-- The entry of the index that a command line belongs under, nil for what is no command of ours.
local function command(line)
  line = line:gsub("^%$ ", ""):gsub("^%.venv/bin/", ""):gsub("^[A-Z_]+=%S+ ", "")
  for _, pattern in ipairs({
    "^weather%-tweets %l[%l%-]*", "^make %l[%l%d%-]*", "^python %-m %l[%l_]*", "^locust%f[%s\0]", "^faust%f[%s\0]",
    "^helm %l+", "^kubectl", "^kind %l+", "^gcloud", "^redis%-cli", "^docker compose %l+", "^curl%f[%s\0]",
  }) do
    local found = line:match(pattern)
    if found then return found end
  end
end

local function mark(line)
  local entry = command(line)
  return entry and "#indice(" .. typst_string(entry) .. ")" or ""
end

local function index_inline(code)
  local entry = mark(code.text)
  if entry ~= "" then return { pandoc.RawInline("typst", entry), code } end
end

local function index_block(block)
  local entries, seen = {}, {}
  for line in block.text:gmatch("[^\n]+") do
    local entry = mark(line)
    if entry ~= "" and not seen[entry] then
      seen[entry] = true
      table.insert(entries, entry)
    end
  end
  if #entries > 0 then return { pandoc.RawBlock("typst", table.concat(entries)), block } end
end

local function box(div)
  for class, title in pairs(boxes) do
    if div.classes:includes(class) then
      local content = pandoc.Blocks({ pandoc.RawBlock("typst", "#recuadro(" .. typst_string(class) .. ", "
        .. typst_string(div.attributes.titulo or title) .. ")[") })
      content:extend(div.content)
      content:insert(pandoc.RawBlock("typst", "]"))
      return content
    end
  end
end

local function conditional(element)
  if element.classes:includes("si-hay") then
    for path in (element.attributes.archivos or ""):gmatch("%S+") do
      if not exists(figure_file(path)) then return {} end
    end
    return element.content
  end
end

local function value(span)
  if not span.classes:includes("dato") then return end
  local found = data(span.attributes.archivo)
  for key in pandoc.utils.stringify(span.content):gmatch("[^.]+") do
    found = found[tonumber(key) and tonumber(key) + 1 or key]
    assert(found ~= nil, "no " .. pandoc.utils.stringify(span.content) .. " in " .. span.attributes.archivo)
  end
  if type(found) ~= "number" then return pandoc.Str(tostring(found)) end
  return pandoc.Str(spanish(found * (tonumber(span.attributes.por) or 1), span.attributes.decimales or "0"))
end

local function reference(link)
  if #link.content == 0 and link.target:sub(1, 1) == "#" then
    return pandoc.RawInline("typst", "@" .. link.target:sub(2))
  end
end

local TEXT_WIDTH_MM, MOST_HEIGHT_MM = 161, 170

-- Typst would cut off what is higher than the page.
local function fit(image, path)
  local percent = tonumber((image.attributes.width or ""):match("^(%d+)%%$"))
  if not percent then return end
  local file = assert(io.open(pandoc.path.join({ root, path }), "rb"))
  local head = file:read(4096)
  file:close()
  local width, height = head:match('viewBox="[%d.-]+ [%d.-]+ ([%d.]+) ([%d.]+)"')
  if path:match("%.png$") then width, height = string.unpack(">I4I4", head, 17) end
  local most = 100 * MOST_HEIGHT_MM / TEXT_WIDTH_MM * width / height
  image.attributes.width = string.format("%.1f%%", math.min(percent, most))
end

local function place(image)
  local path = figure_file(image.src)
  assert(exists(path), "no figure " .. path)
  fit(image, path)
  image.src = "/manual/" .. path
  return image
end

-- What announces a listing stays on its page.
local function announce(blocks)
  for i = 1, #blocks - 1 do
    local block = blocks[i]
    if block.t == "Para" and blocks[i + 1].t == "CodeBlock" then
      local content = pandoc.Inlines({ pandoc.RawInline("typst", "#pegado[") })
      content:extend(block.content)
      content:insert(pandoc.RawInline("typst", "]"))
      blocks[i] = pandoc.Plain(content)
    end
  end
  return blocks
end

local function here(figure)
  local image = figure.content[1].content[1]
  if image.t == "Image" and image.classes:includes("aqui") then
    return { pandoc.RawBlock("typst", "#aqui["), figure, pandoc.RawBlock("typst", "]") }
  end
end

local MOST_ROWS_TOGETHER = 14

local function whole(tabla)
  local rows = 0
  for _, body in ipairs(tabla.bodies) do rows = rows + #body.body end
  if rows > MOST_ROWS_TOGETHER then return end
  return { pandoc.RawBlock("typst", "#entera["), tabla, pandoc.RawBlock("typst", "]") }
end

-- Pictures inside a dropped block must not be looked for: conditions come first, then the rest.
return {
  { Div = conditional, Span = conditional },
  { Div = box, Span = value, Link = reference, Image = place, Blocks = announce },
  { Code = index_inline, CodeBlock = index_block, Table = whole, Figure = here },
}
