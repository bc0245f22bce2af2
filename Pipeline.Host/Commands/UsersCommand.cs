using System.CommandLine;
using System.Globalization;
using Pipeline.Host.Access;
using Pipeline.Host.Configuration;
using Pipeline.Host.Errors;
using Spectre.Console;

namespace Pipeline.Host.Commands;

/// <summary><c>users</c>: who may sign in, and the tokens of machines.</summary>
internal static class UsersCommand
{
    private static readonly Option<string?> File = new("--file") { Description = "The users file; the same as --set Access:UsersFile=….", HelpName = "FILE" };
    private static readonly Option<string> RoleOf = new("--role") { Description = $"What the user may do: {Role.Names}.", HelpName = "ROLE", Required = true };

    public static Command Create()
    {
        RoleOf.Refuse(role => role is null || Role.Rights.ContainsKey(role) ? null : $"--role {role}: there are {Role.Names}.");
        var command = new DocumentedCommand(
            "users", "Say who may sign in to the pages, and make tokens for machines.",
            "./pipeline users add n12 --role nurse --file users.json",
            "./pipeline users token prometheus --role engineer --file users.json",
            "./pipeline users list --file users.json")
        {
            CreateAdd(), CreateToken(), CreateList(), CreateRemove(),
        };
        return command;
    }

    private static DocumentedCommand CreateAdd()
    {
        var name = NameArgument();
        var command = new DocumentedCommand(
            "add", "Add somebody, or give somebody another password or role. The password is asked for, or read from a pipe.",
            "./pipeline users add n12 --role nurse --file users.json") { name, RoleOf, File };
        command.SetAction(async (parsed, stop) =>
        {
            var password = await AskAsync(stop);
            Change(parsed, users => users.WithPerson(parsed.GetValue(name) ?? "", parsed.GetValue(RoleOf) ?? "", password));
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{parsed.GetValue(name)} may sign in as {parsed.GetValue(RoleOf)}.");
            return ExitCode.Ok;
        });
        return command;
    }

    private static DocumentedCommand CreateToken()
    {
        var name = NameArgument();
        var command = new DocumentedCommand(
            "token", "Make a machine's token and print it, once: the file keeps its hash.",
            "./pipeline users token prometheus --role engineer --file users.json") { name, RoleOf, File };
        command.SetAction(async (parsed, _) =>
        {
            var token = "";
            Change(parsed, users =>
            {
                (var changed, token) = users.WithMachine(parsed.GetValue(name) ?? "", parsed.GetValue(RoleOf) ?? "");
                return changed;
            });
            await parsed.InvocationConfiguration.Output.WriteLineAsync(token);
            return ExitCode.Ok;
        });
        return command;
    }

    private static DocumentedCommand CreateList()
    {
        var command = new DocumentedCommand("list", "List who may sign in.", "./pipeline users list --file users.json") { File };
        command.SetAction(parsed =>
        {
            foreach (var user in Read(PathOf(parsed)).Users)
                parsed.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{user.Name,-30} {user.Role,-10} {(user.Token is null ? "password" : "token")}"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static DocumentedCommand CreateRemove()
    {
        var name = NameArgument();
        var command = new DocumentedCommand("remove", "Remove somebody: sessions that go on end with their next request.", "./pipeline users remove n12 --file users.json") { name, File };
        command.SetAction(parsed =>
        {
            Change(parsed, users => users.Users.Any(user => user.Name == parsed.GetValue(name))
                ? users.Without(parsed.GetValue(name) ?? "")
                : throw CommandException.BadUsage($"{PathOf(parsed)} holds nobody named '{parsed.GetValue(name)}'."));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "Who." };

    private static string PathOf(ParseResult parsed) =>
        Settings.Load(parsed, ($"{AccessOptions.Section}:{nameof(AccessOptions.UsersFile)}", parsed.GetValue(File)))[$"{AccessOptions.Section}:{nameof(AccessOptions.UsersFile)}"] is { Length: > 0 } path
            ? path
            : throw CommandException.BadUsage("Which users file? --file FILE, or set Access:UsersFile.");

    private static UsersFile Read(string path)
    {
        try
        {
            return UsersFile.Parse(System.IO.File.Exists(path) ? System.IO.File.ReadAllText(path) : "");
        }
        catch (FormatException fault)
        {
            throw CommandException.BadUsage($"{path}: {fault.Message}");
        }
    }

    private static void Change(ParseResult parsed, Func<UsersFile, UsersFile> change)
    {
        var path = PathOf(parsed);
        try
        {
            var changed = change(Read(path)).ToString();
            CommandException.Writing(path, () =>
            {
                PrivateFile.Write(path, changed);
                return true;
            });
        }
        catch (ArgumentException fault)
        {
            throw CommandException.BadUsage($"{fault.Message.Split(" (Parameter", 2)[0]}.");
        }
    }

    private static async Task<string> AskAsync(CancellationToken stop)
    {
        if (Console.IsInputRedirected)
            return (await Console.In.ReadLineAsync(stop))?.TrimEnd('\r') ?? "";
        var first = AnsiConsole.Prompt(new TextPrompt<string>($"Password (at least {UsersFile.ShortestPassword} characters):").Secret());
        return first == AnsiConsole.Prompt(new TextPrompt<string>("Again:").Secret()) ? first : throw CommandException.BadUsage("The two passwords differ.");
    }
}
