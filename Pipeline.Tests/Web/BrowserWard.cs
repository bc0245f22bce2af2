using Microsoft.Playwright;
using Pipeline.Models;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>
/// One headless Chromium and one ward with users for all tests of the pages. The browser is the system's (Debian's package chromium, or <c>PIPELINE_CHROMIUM</c>); where there is
/// none the tests skip and say so.
/// </summary>
public sealed class BrowserWard : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/opt/google/chrome/chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private WebWard? _ward;

    /// <summary>The ward.</summary>
    internal WebWard Ward => _ward ?? throw new InvalidOperationException("It has not been started.");

    private static string? Executable => Environment.GetEnvironmentVariable("PIPELINE_CHROMIUM") ?? Places.FirstOrDefault(File.Exists);

    public async Task InitializeAsync()
    {
        if (Executable is not { } path)
            return;
        (_ward, _) = await WebWard.StartWithUsersAsync(access => access.RequestsPerSecond = 1_000);
        await ShowAsync(60);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = path, Args = ["--no-sandbox", "--disable-gpu"] });
    }

    /// <summary>Of each kind of bed one, and one for each test that acts: the windows of some seconds up to now.</summary>
    private async Task ShowAsync(int seconds)
    {
        await Ward.ShowAsync("P1", "b1", 165, seconds);
        await Ward.ShowAsync("P2", "b2", 72, seconds);
        await Ward.ShowAsync("P3", "b3", 128, seconds);
        await Ward.ShowAsync("P4", "b4", null, seconds);
        await Ward.ShowAsync("P5", "b5", 128, seconds);
        await Ward.ShowAsync("P6", "b6", 142, seconds, Metric.FetalHeartRate);
        await Ward.ShowAsync("P7", "b7", 165, seconds, ward: "w2");
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_ward is not null)
            await _ward.DisposeAsync();
    }

    /// <summary>Opens a page as a user of a role; null: not signed in. Faults of its scripts fail the test when it is closed.</summary>
    internal async Task<OpenedPage> OpenAsync(string? role, string path, int width = 1920, int height = 1080, bool isDark = true, string language = "en")
    {
        Skip.If(_browser is null, "No Chromium: install the package chromium, or name one in PIPELINE_CHROMIUM.");
        var context = await _browser.NewContextAsync(new()
        {
            BaseURL = Ward.Url.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            Locale = language,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(20_000);
        var page = await context.NewPageAsync();
        var opened = new OpenedPage(context, page);
        if (role is not null)
        {
            var session = await (await context.APIRequest.GetAsync("/api/session")).JsonAsync();
            var answer = await context.APIRequest.PostAsync("/api/session", new()
            {
                Headers = [new("X-CSRF-Token", session?.GetProperty("csrf").GetString() ?? "")],
                DataObject = new { name = role, password = WebWard.Password },
            });
            Assert.True(answer.Ok, await answer.TextAsync());
        }
        await ShowAsync(0);
        await page.GotoAsync(path);
        return opened;
    }
}

/// <summary>A page in a browser of its own.</summary>
internal sealed class OpenedPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _faults = [];

    public OpenedPage(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.PageError += (_, fault) => _faults.Add(fault);
    }

    public IPage Page { get; }

    /// <summary>Keeps a picture of it where <c>PIPELINE_SCREENSHOTS</c> names a folder.</summary>
    public async Task PictureAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("PIPELINE_SCREENSHOTS") is { Length: > 0 } folder)
            await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.png") });
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_faults);
    }
}
