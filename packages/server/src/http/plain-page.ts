// What `/` shows where no dashboard was built.

export const PLAIN_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Truechimer</title>
</head>
<body>
<h1>Truechimer</h1>
<p>The control plane is running. Its dashboard has not been built: run <code>npm start</code>, or build apps/web.</p>
<p>The same answers come from the API (docs/reference/api.md) and the command line: <code>truechimer servers list</code>.</p>
<p><a href="/healthz/ready">Health</a></p>
</body>
</html>
`;
