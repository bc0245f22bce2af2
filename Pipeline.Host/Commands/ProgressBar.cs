using Spectre.Console;

namespace Pipeline.Host.Commands;

/// <summary>One bar with what is being done, the part and the time left, for a person who watches.</summary>
internal static class ProgressBar
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(250);

    /// <summary>Shows <paramref name="read"/> until <paramref name="running"/> has ended, when <paramref name="error"/> is a terminal; then awaits it.</summary>
    public static async Task ShowAsync(TextWriter error, Task running, Func<(string Text, double Part)> read)
    {
        if (ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected)
        {
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
            await console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .StartAsync(async progress =>
                {
                    var bar = progress.AddTask("");
                    using var timer = new PeriodicTimer(Refresh);
                    while (!running.IsCompleted)
                    {
                        var (text, part) = read();
                        bar.Value = 100 * part;
                        bar.Description = Markup.Escape(text);
                        await Task.WhenAny(running, timer.WaitForNextTickAsync().AsTask());
                    }
                });
        }
        await running;
    }
}
