# Builds dist\pos-agent: the agent as one folder, with the service around it. Never run on Windows yet: see README.md.
#   powershell -ExecutionPolicy Bypass -File deploy\windows\build.ps1 -WinSW C:\Downloads\WinSW-x64.exe
# With -Install also puts it onto this machine, as administrator.
param(
    [Parameter(Mandatory = $true)][string]$WinSW,
    [string]$Python = "py -3.11",
    [switch]$Install
)
$ErrorActionPreference = "Stop"
Set-StrictMode -Version Latest

$root = Resolve-Path (Join-Path $PSScriptRoot "..\..")
$work = Join-Path $root "build\windows"
$venv = Join-Path $work "venv"
$dist = Join-Path $root "dist"

function Check([string]$what) {
    if ($LASTEXITCODE -ne 0) { throw "$what failed with exit code $LASTEXITCODE" }
}

# The pinned packages alone, each with its hash; then ours, and PyInstaller, which stays on this machine.
if (-not (Test-Path $venv)) { Invoke-Expression "$Python -m venv `"$venv`""; Check "making the environment" }
$python = Join-Path $venv "Scripts\python.exe"
& $python -m pip install --require-hashes --only-binary ":all:" -r (Join-Path $root "requirements\agent.txt")
Check "installing the pinned packages"
& $python -m pip install --no-deps --no-build-isolation $root
Check "installing the agent"
& $python -m pip install "pyinstaller>=6.11,<7"
Check "installing PyInstaller"

& $python -m PyInstaller --noconfirm --distpath $dist --workpath $work (Join-Path $PSScriptRoot "pos-agent.spec")
Check "PyInstaller"
$program = Join-Path $dist "pos-agent"
Copy-Item $WinSW (Join-Path $program "pos-agent-service.exe")
Copy-Item (Join-Path $PSScriptRoot "pos-agent-service.xml") $program
Copy-Item (Join-Path $root "docs\agent.toml") (Join-Path $program "agent.toml.example")
Copy-Item (Join-Path $root "LICENSE") $program
& (Join-Path $program "pos-agent.exe") version
Check "starting the finished program"

# Who may change a file of the program is who may sell: say what it is made of.
Get-ChildItem $program -Recurse -File | Get-FileHash -Algorithm SHA256 |
    ForEach-Object { "{0}  {1}" -f $_.Hash.ToLower(), $_.Path.Substring($program.Length + 1) } |
    Set-Content -Encoding UTF8 (Join-Path $dist "pos-agent.SHA256SUMS")

if (-not $Install) { return }

$target = Join-Path $env:ProgramFiles "PosAgent"
$data = Join-Path $env:ProgramData "PosAgent"
if (Test-Path (Join-Path $target "pos-agent-service.exe")) { & (Join-Path $target "pos-agent-service.exe") stop }
New-Item -ItemType Directory -Force $target, $data, (Join-Path $data "logs") | Out-Null
Copy-Item (Join-Path $program "*") $target -Recurse -Force
if (-not (Test-Path (Join-Path $data "agent.toml"))) {
    Set-Content -Encoding UTF8 (Join-Path $data "agent.toml") @"
# Configuration of this till. Every key: agent.toml.example beside the program.
[till]
name = "till-1"    # each till its own, for ever

[register]
url = ""           # docs/registers.md
"@
}
# Inherited rights would let every user of the machine read secrets and change the journal. By number, as the names of
# groups are translated: S-1-5-18 the system, S-1-5-32-544 administrators, S-1-5-19 LocalService.
icacls $data /inheritance:r /grant "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-19:(OI)(CI)M"
Check "setting the rights of $data"
# No rule for the firewall: the API listens on loopback alone.
& (Join-Path $target "pos-agent.exe") service install
Check "making the service"
Write-Output "Next: `"$target\pos-agent.exe`" init finds what is plugged in and writes $data\agent.toml; then: service start"
