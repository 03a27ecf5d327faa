using Jigsaw.CommandLine;
using JigsawApp;

return await JigsawProgram.RunAsync<ChatRecipe>(args);
