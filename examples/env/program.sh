# A program that knows nothing of the launcher.
printf 'db_password: %.1s***\n' "$db_password"
printf 'api_token: %.1s***\n' "$api_token"
echo 'MLRUN or launcher variables:'
env | sed -n 's/^\(MLRUN_[^=]*\)=.*/\1/p; s/^\(LAUNCHER_[^=]*\)=.*/\1/p' | sort
