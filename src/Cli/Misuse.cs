using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace AaClip.Cli;

/// <summary>Says in one line on standard error what is wrong with a command line. Help is shown only on request.</summary>
internal static class Misuse
{
    private const int Suggested = 3;

    /// <returns>The exit code.</returns>
    public static int Tell(string wrong)
    {
        Console.Error.WriteLine($"aaclip: {wrong}");
        return Run.Misused;
    }

    /// <returns>What is wrong; null for a valid command line.</returns>
    public static string? Find(ParseResult parsed)
    {
        if (parsed.Action is ParseErrorAction)
            return Explain(parsed);
        Command command = parsed.CommandResult.Command;
        bool runs = parsed.Action == command.Action; // false for a request for help
        return runs ? (command as Verb)?.Rules.Select(rule => rule(parsed)).FirstOrDefault(wrong => wrong is not null) : null;
    }

    /// <summary>Says which options or arguments of a verb are missing.</summary>
    public static string Missing(CommandResult command, string[] names) =>
        $"{string.Join(" and ", names)} {(names.Length == 1 ? "is" : "are")} missing. See '{PathOf(command)} --help'.";

    /// <summary>
    /// Returns the most useful error: first an unknown word, then a value that cannot be read, then what is missing.
    /// </summary>
    private static string Explain(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string path = PathOf(parsed.CommandResult);
        string help = $"See '{path} --help'.";
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.FirstOrDefault(t => !t.StartsWith('-')) is { } verb)
            return $"'{path}' has no verb '{verb}'{Near(verb, command.Subcommands.Select(c => c.Name))} {help}";
        // If a verb has arguments, the parser takes an unknown option for one of them.
        IEnumerable<string> words = command
            .Arguments.SelectMany(a => parsed.GetResult(a)?.Tokens ?? [])
            .Select(t => t.Value)
            .Concat(parsed.UnmatchedTokens);
        if (words.FirstOrDefault(t => t.Length > 1 && t.StartsWith('-')) is { } option)
            return $"'{path}' has no option '{option}'{Near(option, command.Options.Where(o => !o.Hidden).Select(o => o.Name))} {help}";
        if (parsed.Errors.FirstOrDefault(e => OptionOf(e) is { Implicit: false }) is { } value)
            return Words(value);
        if (parsed.UnmatchedTokens.Count > 0)
            return $"'{path}' does not take '{parsed.UnmatchedTokens[0]}'. {help}";
        if (command is RootCommand)
            return $"Name a verb: {string.Join(", ", command.Subcommands.Select(c => c.Name))}. {help}";
        string[] missing =
        [
            .. command.Options.Where(o => o.Required && parsed.GetResult(o) is not { Implicit: false }).Select(o => o.Name),
            .. command
                .Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is not { Tokens.Count: > 0 })
                .Select(a => a.HelpName ?? a.Name),
        ];
        if (missing.Length > 0)
            return Missing(parsed.CommandResult, missing);
        return parsed.Errors.Count > 0 ? $"{Words(parsed.Errors[0])} {help}" : help;
    }

    // The library's own messages name .NET types; they are used only for values that none of our parsers reads.
    private static string Words(ParseError error)
    {
        OptionResult? option = OptionOf(error);
        if (option is { Tokens.Count: 0 })
            return $"{option.Option.Name} needs a value.";
        if (option is not null && option.Option.ValueType == typeof(bool))
            return $"{option.Option.Name} takes no value, or true or false, not '{option.Tokens[^1].Value}'.";
        if (option is not null && option.Tokens.Count > option.Option.Arity.MaximumNumberOfValues)
            return $"{option.Option.Name} takes one value, not {option.Tokens.Count}.";
        return error.Message.ReplaceLineEndings(" ");
    }

    private static OptionResult? OptionOf(ParseError error) =>
        error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult;

    private static string Near(string word, IEnumerable<string> known)
    {
        string[] near =
        [
            .. known
                .Select(name => (name, Distance: Distance(word, name)))
                .Where(n =>
                    n.Distance <= Math.Max(1, Math.Min(word.Length, n.name.Length) / 2)
                    || n.name.StartsWith(word, StringComparison.Ordinal)
                    || word.StartsWith(n.name, StringComparison.Ordinal)
                )
                .OrderBy(n => n.Distance)
                .Take(Suggested)
                .Select(n => $"'{n.name}'"),
        ];
        return near.Length == 0 ? "." : $": did you mean {string.Join(" or ", near)}?";
    }

    // Number of letters to insert, delete, change or swap (optimal string alignment distance).
    internal static int Distance(string a, string b)
    {
        int[,] steps = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            steps[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            steps[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        for (int j = 1; j <= b.Length; j++)
        {
            int least = Math.Min(Math.Min(steps[i - 1, j], steps[i, j - 1]) + 1, steps[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            steps[i, j] = swapped ? Math.Min(least, steps[i - 2, j - 2] + 1) : least;
        }

        return steps[a.Length, b.Length];
    }

    private static string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "aaclip";
}
