using AaClip.Review.Tests;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Browser))]

namespace AaClip.Review.Tests;

/// <summary>Debian's Chromium, once for all tests; where it is not installed, tests that need it are skipped and say so.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Array.Find(Places, File.Exists) is not { } program)
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = program,
                Args = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"], // as root, there is no sandbox
            }
        );
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>A page of its own, with nothing kept from others. An error in its script fails the test that closes it.</summary>
    public async Task<OpenPage> OpenAsync(string address, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 800)
    {
        if (_browser is null)
            Assert.Skip("Chromium is not installed: apt-get install chromium.");
        IBrowserContext context = await _browser.NewContextAsync(
            new BrowserNewContextOptions
            {
                ColorScheme = scheme,
                ViewportSize = new ViewportSize { Width = width, Height = height },
                ReducedMotion = ReducedMotion.Reduce,
                Locale = "en-GB",
                TimezoneId = "Europe/Berlin",
            }
        );
        OpenPage page = new(context, await context.NewPageAsync());
        await page.Tab.GotoAsync(address);
        return page;
    }
}

/// <summary>A page that a test uses.</summary>
public sealed class OpenPage : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly List<string> _errors = [];

    internal OpenPage(IBrowserContext context, IPage tab)
    {
        _context = context;
        Tab = tab;
        tab.PageError += (_, error) => _errors.Add(error);
        tab.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: "http" or "https", Host: not "127.0.0.1" })
                _errors.Add($"It asked {request.Url}");
        };
    }

    public IPage Tab { get; }

    /// <summary>The results that a gallery shows.</summary>
    public ILocator Cards => Tab.Locator("[data-blob]");

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_errors);
    }
}
