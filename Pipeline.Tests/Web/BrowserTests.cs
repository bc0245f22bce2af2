using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Pipeline.Models.Signals;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Pipeline.Tests.Web;

/// <summary>The pages as people use them, in a browser.</summary>
/// <param name="browser">Browser and ward.</param>
public sealed class BrowserTests(BrowserWard browser) : IClassFixture<BrowserWard>
{
    [SkippableFact]
    public async Task A_nurse_sees_who_needs_help_acknowledges_and_the_audit_says_so()
    {
        await using var nurse = await browser.OpenAsync(null, "/alarms.html#active");
        var page = nurse.Page;
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/signin.html"));
        await page.GetByLabel("Name").FillAsync("nurse");
        await page.GetByLabel("Password").FillAsync("wrong password");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("nobody of this name");
        await page.GetByLabel("Password").FillAsync(WebWard.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/alarms.html"));
        await page.GotoAsync("/");

        // By priority, then by ward and bed; the display name of a bed for those who may see it.
        var tiles = page.Locator("article.tile");
        await Expect(tiles).ToHaveCountAsync(7);
        await Expect(tiles.First).ToContainTextAsync("Room 3, window");
        await Expect(tiles.First).ToContainTextAsync("Extreme tachycardia");
        await Expect(tiles.First).ToContainTextAsync("165");
        await nurse.PictureAsync("ward");
        await tiles.First.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
        var dialogue = page.GetByRole(AriaRole.Dialog);
        await Expect(dialogue).ToContainTextAsync("Alarms of Room 3, window");
        await nurse.PictureAsync("acknowledge");
        await dialogue.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
        await Expect(dialogue).ToBeVisibleAsync();      // why is missing
        await dialogue.GetByRole(AriaRole.Button, new() { Name = "seen at the bed" }).ClickAsync();
        await dialogue.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
        await Expect(dialogue).ToHaveCountAsync(0);

        var acknowledged = page.Locator("article.tile", new() { HasText = "Room 3, window" });
        await Expect(acknowledged).ToContainTextAsync("acknowledged");
        await Expect(tiles.First).Not.ToContainTextAsync("Room 3, window");
        await Expect(acknowledged.GetByRole(AriaRole.Button)).ToBeHiddenAsync();
        var sent = browser.Ward.Sent.Single(one => one.Patient.Value == "P1").Command;
        Assert.Equal((AlarmCommandKind.Acknowledge, "nurse", "seen at the bed"), (sent.Kind, sent.By, sent.Why));

        await using var admin = await browser.OpenAsync("admin", "/alarms.html#audit");
        var entry = admin.Page.GetByRole(AriaRole.Row, new() { Name = "P1" }).Filter(new() { HasText = "seen at the bed" });
        await Expect(entry).ToContainTextAsync("nurse");
        await admin.PictureAsync("audit");
        await admin.Page.GetByRole(AriaRole.Tab, new() { Name = "History" }).ClickAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Room 3, window" }).Filter(new() { HasText = "seen at the bed" })).ToContainTextAsync("acknowledged");
        await admin.Page.GetByRole(AriaRole.Tab, new() { Name = "Acknowledged" }).ClickAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Tabpanel)).ToContainTextAsync("Room 3, window");
    }

    [SkippableTheory]
    [InlineData("nurse", true, true, false)]
    [InlineData("midwife", true, true, false)]
    [InlineData("engineer", false, false, false)]
    [InlineData("scientist", false, false, false)]
    [InlineData("admin", true, true, true)]
    public async Task Each_role_is_shown_what_it_may_do(string role, bool acts, bool names, bool audit)
    {
        await using var ward = await browser.OpenAsync(role, "/");
        var other = ward.Page.Locator("article.tile", new() { HasText = "P7" });
        await Expect(other).ToContainTextAsync("Extreme tachycardia");
        await Expect(ward.Page.Locator("#who")).ToContainTextAsync(role);
        await Expect(other.GetByRole(AriaRole.Button)).ToBeVisibleAsync(new() { Visible = acts });
        await Expect(ward.Page.Locator("article.tile", new() { HasText = "P1" }).GetByRole(AriaRole.Link)).ToHaveTextAsync(names ? "Room 3, window" : "b1");
        await ward.Page.GotoAsync("/alarms.html");
        await Expect(ward.Page.GetByRole(AriaRole.Tab)).ToHaveCountAsync(audit ? 6 : 5);
        await ward.Page.GotoAsync("/patient.html?patient=P7");
        await Expect(ward.Page.Locator("#alarms")).ToContainTextAsync("Extreme tachycardia");
        await Expect(ward.Page.Locator("#acknowledge")).ToBeVisibleAsync(new() { Visible = acts });
        await Expect(ward.Page.Locator("#limits")).ToBeVisibleAsync(new() { Visible = acts });
    }

    [SkippableFact]
    public async Task A_bed_is_acknowledged_by_keyboard_alone()
    {
        await using var midwife = await browser.OpenAsync("midwife", "/?");
        var page = midwife.Page;
        var tile = page.Locator("article.tile", new() { HasText = "P3" });
        await Expect(tile).ToContainTextAsync("Tachycardia");

        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("P3");
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(tile.GetByRole(AriaRole.Link)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("a");
        await page.Keyboard.TypeAsync("fever, known");
        await page.Keyboard.PressAsync("Enter");

        await Expect(tile).ToContainTextAsync("acknowledged");
        Assert.Equal(("midwife", "fever, known"), browser.Ward.Sent.Where(one => one.Patient.Value == "P3").Select(one => (one.Command.By, one.Command.Why)).Single());
    }

    [SkippableFact]
    public async Task Limits_are_set_with_a_reason_and_shown()
    {
        await using var nurse = await browser.OpenAsync("nurse", "/patient.html?patient=P5");
        var page = nurse.Page;
        await Expect(page.Locator("#limits-now")).ToContainTextAsync("40 · 50–120 · 140");
        await page.GetByRole(AriaRole.Button, new() { Name = "Limits" }).ClickAsync();
        await page.GetByLabel("high, above", new() { Exact = true }).FillAsync("150");
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Why" }).FillAsync("fever");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set these limits" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Alert)).ToContainTextAsync("HeartRateVeryHigh");
        await nurse.PictureAsync("limits");
        await page.GetByLabel("extremely high, above").FillAsync("170");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set these limits" }).ClickAsync();

        await Expect(page.Locator("#limits-now")).ToContainTextAsync("40 · 50–150 · 170");
        await page.GetByRole(AriaRole.Button, new() { Name = "Acknowledge" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Why" }).FillAsync("washing");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause 2 min" }).ClickAsync();
        await Expect(page.Locator("#alarms")).ToContainTextAsync("Paused until");
    }

    [SkippableFact]
    public async Task A_patient_s_past_is_shown_as_trends_spectra_and_strips_and_taken_away()
    {
        await using var nurse = await browser.OpenAsync("nurse", "/patient.html?patient=P7");
        var page = nurse.Page;
        await Expect(page.Locator("#trends canvas").First).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("heart rate 165"));
        await page.GetByRole(AriaRole.Row, new() { Name = "Extreme tachycardia" }).GetByRole(AriaRole.Button, new() { Name = "Strip" }).ClickAsync();
        await Expect(page.Locator("#strip canvas")).ToBeVisibleAsync();
        await Expect(page.Locator("#spectrogram")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await nurse.PictureAsync("patient");

        var csv = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "CSV" }).ClickAsync());
        var picture = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Trends as PNG" }).ClickAsync());

        Assert.Matches("^P7-[0-9]{8}T[0-9]{6}Z.csv$", csv.SuggestedFilename);
        Assert.StartsWith("time,device,channel,unit,value", await File.ReadAllTextAsync(await csv.PathAsync()), StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], (await File.ReadAllBytesAsync(await picture.PathAsync()))[..4]);
    }

    public static TheoryData<string, string?, bool> Pages()
    {
        var pages = new TheoryData<string, string?, bool>();
        foreach (var isDark in new[] { true, false })
        {
            pages.Add("/signin.html", null, isDark);
            foreach (var path in new[] { "/", "/alarms.html#technical", "/alarms.html#history", "/alarms.html#audit", "/patient.html?patient=P7", "/ctg.html?patient=P6" })
                pages.Add(path, "admin", isDark);
        }
        return pages;
    }

    [SkippableTheory]
    [MemberData(nameof(Pages))]
    public async Task Each_page_can_be_used_by_everybody_and_on_a_phone(string path, string? role, bool isDark)
    {
        await using var opened = await browser.OpenAsync(role, path, isDark: isDark, language: isDark ? "en" : "de");
        var page = opened.Page;
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", isDark ? "en" : "de");
        await Expect(page.Locator(path switch
        {
            "/" => "article.tile .rate",
            "/signin.html" => "#name",
            _ when path.StartsWith("/alarms", StringComparison.Ordinal) => "#rows tr",
            _ => "#numbers > div",
        }).First).ToBeVisibleAsync();
        await opened.PictureAsync($"{path.Trim('/').Split('?')[0].Replace(".html#", "-", StringComparison.Ordinal).Replace(".html", "", StringComparison.Ordinal)}-{(isDark ? "dark" : "light")}");

        await FitsAsync(page);
        var found = await page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] } });
        Assert.True(found.Violations.Length == 0, string.Join('\n', found.Violations.Select(fault =>
            $"{fault.Impact} {fault.Id}: {fault.Help}\n  {string.Join("\n  ", fault.Nodes.Take(3).Select(node => node.Html))}")));
        Assert.NotEmpty(found.Passes);

        await page.SetViewportSizeAsync(390, 844);
        await FitsAsync(page);
        await opened.PictureAsync($"{path.Trim('/').Split('?')[0].Replace(".html#", "-", StringComparison.Ordinal).Replace(".html", "", StringComparison.Ordinal)}-phone-{(isDark ? "dark" : "light")}");

        static async Task FitsAsync(IPage page) =>
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), "It scrolls sideways.");
    }

    [SkippableFact]
    public async Task A_server_that_is_away_is_told_and_its_return_needs_no_reload()
    {
        await using var nurse = await browser.OpenAsync("nurse", "/");
        var page = nurse.Page;
        await Expect(page.Locator("article.tile").First).ToBeVisibleAsync();

        await page.Context.SetOfflineAsync(true);
        await Expect(page.Locator("#connection")).ToContainTextAsync("No answer from the server since");
        await Expect(page.Locator("body")).ToHaveClassAsync("lost");
        await page.Context.SetOfflineAsync(false);

        await Expect(page.Locator("#connection")).ToBeHiddenAsync();
    }

    [SkippableFact]
    public async Task Strips_move_while_signals_come()
    {
        await using var nurse = await browser.OpenAsync("nurse", "/patient.html?patient=P2");
        var page = nurse.Page;
        await Expect(page.Locator("#numbers")).ToContainTextAsync("72");
        // With each grant of the page's stream a second of the signal.
        browser.Ward.Tap.Changed = () => browser.Ward.Publish("P2");

        await Expect(page.Locator("#waves figure canvas")).ToHaveCountAsync(1);
        await page.WaitForFunctionAsync(
            """
            () => {
              const canvas = document.querySelector("#waves canvas");
              const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              let strong = 0;
              for (let i = 0; i < pixels.length; i += 4) strong += pixels[i + 1] > 150 && pixels[i] < 120 ? 1 : 0;
              return strong > 50;
            }
            """);
        browser.Ward.Tap.Changed = null;
    }
}
